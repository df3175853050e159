import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DomainError } from '../../errors/domain.error';
import type { OnnxDescription } from './onnx-description';

/** Compiled code, also where this file itself is run from its source by jest. */
const PROGRAM = join(__dirname, '../../../dist/models/onnx/onnx-inspection.worker.js');
const DEADLINE_MS = 60_000;

export interface InspectionOrder {
  readonly path: string;
  readonly allowLoops: boolean;
}

export type InspectionReply = { readonly description: OnnxDescription } | { readonly refusal: string };

/**
 * Reads what a file says of itself before any runtime sees it, on a thread with a memory limit and a deadline.
 * @throws DomainError MODEL_FILE_INVALID with the reason
 */
export async function inspectOnnxFile(order: InspectionOrder): Promise<OnnxDescription> {
  const worker = new Worker(PROGRAM, { workerData: order, resourceLimits: { maxOldGenerationSizeMb: 256 } });
  let deadline: NodeJS.Timeout | undefined;
  try {
    const reply = await new Promise<InspectionReply>((resolve, reject) => {
      deadline = setTimeout(() => resolve({ refusal: 'takes too long to read' }), DEADLINE_MS);
      worker.once('message', resolve);
      worker.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve({ refusal: 'is too complex' }) : reject(error),
      );
    });
    if ('description' in reply) return reply.description;
    throw new DomainError('MODEL_FILE_INVALID', `The file ${reply.refusal}`, {
      errors: [{ field: 'file', message: reply.refusal }],
    });
  } finally {
    clearTimeout(deadline);
    await worker.terminate();
  }
}
