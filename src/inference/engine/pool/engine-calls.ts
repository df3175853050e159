import { Logger } from '@nestjs/common';
import { DomainError } from '../../../errors/domain.error';
import type { ImageSource } from '../../../imaging/image';
import type { EngineModel, ModelDescription } from '../inference-engine';
import { costsProcess } from '../model-breaker';
import { answersOf, type RunAnswer, type RunReply } from '../protocol/engine-protocol';
import { aligned } from '../protocol/tensor-encoding';
import type { EngineProcess } from './engine-process-handle';

/** The verbs of the protocol, for who has a process to himself. Failures of unclear cause, and those that end it, are logged by model id. */
const logger = new Logger('OnnxEngine');

interface LoadLimits {
  readonly deadlineMs: number;
  readonly threads: number;
}

export async function loadModel(
  process: EngineProcess,
  model: EngineModel,
  { deadlineMs, threads }: LoadLimits,
): Promise<ModelDescription> {
  const { id, fileHash, input, output, quality, batching } = model;
  try {
    const path = await model.locate().catch(unreadable);
    const spec = { id, fileHash, input, output, quality, batching };
    const { header } = await process.call({ verb: 'load', model: spec, path, threads }, [], deadlineMs);
    process.models.add(id);
    return header as ModelDescription;
  } catch (error) {
    log(id, error);
    throw error;
  }
}

/** @returns one for each source, in order */
export async function runModel(
  process: EngineProcess,
  modelId: string,
  sources: readonly ImageSource[],
  deadlineMs: number,
): Promise<(RunAnswer | DomainError)[]> {
  const headers = sources.map(({ bytes, ...source }) => ({ ...source, length: bytes.length }));
  const payload = aligned(sources.map(({ bytes }) => bytes));
  const call = { verb: 'run', modelId, sources: headers } as const;
  const { header, payload: tensors } = await process
    .call(call, payload, deadlineMs)
    .catch((error: unknown) => {
      log(modelId, error);
      throw error;
    });
  process.rssBytes = (header as RunReply).rssBytes;
  const answers = answersOf(header as RunReply, tensors);
  for (const answer of answers) log(modelId, answer);
  return answers;
}

function unreadable(cause: unknown): never {
  throw cause instanceof DomainError ? cause : new DomainError('MODEL_LOAD_FAILED', undefined, { cause });
}

function log(modelId: string, outcome: unknown): void {
  if (!(outcome instanceof DomainError) || (outcome.cause === undefined && !costsProcess(outcome))) return;
  logger.error({ event: 'model.failed', model_id: modelId, code: outcome.code });
}
