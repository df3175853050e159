import { Logger } from '@nestjs/common';
import { DomainError } from '../../../errors/domain.error';
import type { ImageSource } from '../../../imaging/image';
import type { EngineProcess } from './engine-process-handle';
import { answerOf, type RunReply } from '../protocol/engine-protocol';
import type { EngineAnswer, EngineModel, ModelDescription } from '../inference-engine';

/** The verbs of the protocol, for who has a process to himself. Failures of unclear cause are logged by model id. */
const logger = new Logger('OnnxEngine');

export async function loadModel(
  process: EngineProcess,
  model: EngineModel,
  deadlineMs: number,
): Promise<ModelDescription> {
  const { id, fileHash, input, output, quality, batching } = model;
  process.models.delete(id);
  const path = await model.locate().catch(unreadable).catch(logged(id));
  const call = { verb: 'load', model: { id, fileHash, input, output, quality, batching }, path } as const;
  const { header } = await process.call(call, [], deadlineMs).catch(logged(id));
  process.models.add(id);
  return header as ModelDescription;
}

export async function runModel(
  process: EngineProcess,
  modelId: string,
  { bytes, ...source }: ImageSource,
  deadlineMs: number,
): Promise<Omit<EngineAnswer, 'queueMs'>> {
  const call = { verb: 'run', modelId, source } as const;
  const { header, payload } = await process.call(call, [bytes], deadlineMs).catch(logged(modelId));
  return answerOf(header as RunReply, payload);
}

export async function unloadModel(
  process: EngineProcess,
  modelId: string,
  deadlineMs: number,
): Promise<void> {
  process.models.delete(modelId);
  await process.call({ verb: 'unload', modelId }, [], deadlineMs);
}

function unreadable(cause: unknown): never {
  throw cause instanceof DomainError ? cause : new DomainError('MODEL_LOAD_FAILED', undefined, { cause });
}

function logged(modelId: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof DomainError && error.cause !== undefined) {
      const reason = error.cause instanceof Error ? error.cause.message : error.cause;
      logger.error({ event: 'model failed', modelId, code: error.code, reason });
    }
    throw error;
  };
}
