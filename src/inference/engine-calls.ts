import { Logger } from '@nestjs/common';
import { DomainError } from '../errors/domain.error';
import type { ImageSource } from '../imaging/image';
import type { EngineProcess } from './engine-process-handle';
import { answerOf, type LoadReply, type RunReply } from './engine-protocol';
import type { EngineAnswer, EngineModel } from './inference-engine';

/** The verbs of the protocol, for who has a process to himself. Failures of unclear cause are logged by model id. */
const logger = new Logger('OnnxEngine');

export async function loadModel(
  process: EngineProcess,
  model: EngineModel,
  deadlineMs: number,
): Promise<LoadReply> {
  const { id, fileHash, input, output, quality } = model;
  process.models.delete(id);
  const file = await model.readFile();
  const call = { verb: 'load', model: { id, fileHash, input, output, quality } } as const;
  const { header } = await process.call(call, [file], deadlineMs).catch(logged(id));
  process.models.add(id);
  return header as LoadReply;
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

function logged(modelId: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof DomainError && error.cause !== undefined) {
      logger.error({ event: 'model failed', modelId, code: error.code, reason: error.cause });
    }
    throw error;
  };
}
