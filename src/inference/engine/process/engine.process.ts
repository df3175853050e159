import { Socket } from 'node:net';
import { DomainError } from '../../../errors/domain.error';
import { type EngineCall, failureOf, type ImageReply, type RunReply } from '../protocol/engine-protocol';
import { type Frame, FrameDecoder, writeFrame } from '../protocol/frames';
import { aligned, TensorReader } from '../protocol/tensor-encoding';
import { EngineSession } from './engine-session';
import type { ImageAnswer } from './image-answer';
import { RUNTIME_VERSION } from './onnx-runtime';
import { endWithParent } from './parent-watch';

/** The program of an engine process: answers the calls that come in on descriptor 3, one after the other. */
const OUT_OF_MEMORY = 70;

type Reply = readonly [header: object, payload?: readonly Uint8Array[]];

const sessions = new Map<string, EngineSession>();
const server = new Socket({ fd: 3 });
const decoder = new FrameDecoder();
let turn = Promise.resolve();

endWithParent();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined); // the server decides when this ends
for (const event of ['end', 'error', 'close']) server.on(event, () => process.exit(0));
server.on('data', (chunk) => {
  for (const frame of decoder.push(chunk)) turn = turn.then(() => reply(frame));
});
writeFrame(server, {});

async function reply({ header, payload }: Frame): Promise<void> {
  try {
    writeFrame(server, ...(await perform(header as EngineCall, payload)));
  } catch (error) {
    if (error instanceof DomainError && error.code === 'ENGINE_CRASHED') process.exit(OUT_OF_MEMORY);
    writeFrame(server, failureOf(error));
  }
}

async function perform(call: EngineCall, payload: Frame['payload']): Promise<Reply> {
  if (call.verb === 'load') {
    const session = await EngineSession.load(call.model, call.path, call.threads);
    sessions.set(call.model.id, session);
    return [session.description];
  }
  const session = sessions.get(call.modelId);
  if (session === undefined) throw new DomainError('MODEL_LOAD_FAILED', 'The model has not been loaded');
  const reader = new TensorReader(payload);
  const sources = call.sources.map(({ length, ...source }) => ({ ...source, bytes: reader.next(length) }));
  return runReply(await session.run(sources));
}

function runReply(images: readonly (ImageAnswer | Error)[]): Reply {
  const payload: Uint8Array[] = [];
  const answers = images.map((image) =>
    image instanceof Error ? failureOf(image) : imageReply(image, payload),
  );
  const header: RunReply = { answers, rssBytes: process.memoryUsage.rss() };
  return [header, aligned(payload)];
}

/** Adds the tensors to the payload. */
function imageReply({ tensors, ...rest }: ImageAnswer, payload: Uint8Array[]): ImageReply {
  const headers = tensors?.map(
    ({ name, dims, encoding, data: { buffer, byteOffset, byteLength: bytes } }) => {
      payload.push(new Uint8Array(buffer, byteOffset, bytes));
      return { name, dims, encoding, bytes };
    },
  );
  return { ...rest, tensors: headers ?? null, runtimeVersion: RUNTIME_VERSION };
}
