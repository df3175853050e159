import { DomainError } from '../../../errors/domain.error';
import type { ImageSource } from '../../../imaging/image';
import type { EngineAnswer, EngineModel, ModelTrial } from '../inference-engine';
import { loadModel, runModel } from './engine-calls';
import { EngineProcess } from './engine-process-handle';

export interface TrialLimits {
  readonly memoryLimitBytes: number;
  readonly loadDeadlineMs: number;
  /** Of each run. */
  readonly trialDeadlineMs: number;
  readonly threads: number;
}

/**
 * Loads a model and runs it on each source in a process of its own, which has ended when the promise is settled. Once a
 * source has killed the process, the sources after it fail as that one did.
 */
export async function tryModel(
  model: EngineModel,
  sources: readonly ImageSource[],
  { memoryLimitBytes, loadDeadlineMs, trialDeadlineMs, threads }: TrialLimits,
  stop: AbortSignal,
): Promise<ModelTrial> {
  if (stop.aborted) throw new DomainError('ENGINE_UNAVAILABLE');
  const onEnd = (): void => undefined;
  const process = new EngineProcess({ memoryLimitBytes, startDeadlineMs: loadDeadlineMs, onEnd });
  const end = (): void => process.kill('ENGINE_UNAVAILABLE');
  stop.addEventListener('abort', end);
  try {
    await process.ready;
    const description = await loadModel(process, model, { deadlineMs: loadDeadlineMs, threads });
    const answers: (EngineAnswer | DomainError)[] = [];
    for (const source of sources) answers.push(await answerTo(process, model.id, source, trialDeadlineMs));
    return { description, answers };
  } finally {
    stop.removeEventListener('abort', end);
    end();
    await process.exited;
  }
}

async function answerTo(
  process: EngineProcess,
  modelId: string,
  source: ImageSource,
  deadlineMs: number,
): Promise<EngineAnswer | DomainError> {
  try {
    const [answer] = await runModel(process, modelId, [source], deadlineMs);
    return answer instanceof DomainError ? answer : { ...answer!, queueMs: 0 };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
