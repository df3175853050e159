import { Socket } from 'node:net';
import { DomainError } from '../../../errors/domain.error';
import { type EngineCall, failureOf, type ModelSpec } from '../protocol/engine-protocol';
import { EngineSession, type Reply } from './engine-session';
import { type Frame, FrameDecoder, writeFrame } from '../protocol/frames';
import type { ModelDescription } from '../inference-engine';
import { endWithParent } from './parent-watch';

/** The program of an engine process: answers the calls that come in on descriptor 3, one after the other. */
const OUT_OF_MEMORY = 70;

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
    const answer = await perform(header as EngineCall, payload);
    const bytes = answer.payload.map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    writeFrame(server, answer.header, bytes);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'ENGINE_CRASHED') process.exit(OUT_OF_MEMORY);
    writeFrame(server, failureOf(error));
  }
}

function perform(call: EngineCall, payload: Buffer): Promise<Reply<object>> {
  if (call.verb === 'load') return load(call.model, call.path);
  if (call.verb === 'unload') return unload(call.modelId);
  const session = sessions.get(call.modelId);
  if (session === undefined) throw new DomainError('MODEL_LOAD_FAILED', 'The model has not been loaded');
  return session.run({ ...call.source, bytes: payload });
}

async function load(model: ModelSpec, path: string): Promise<Reply<ModelDescription>> {
  await unload(model.id);
  const session = await EngineSession.load(model, path);
  sessions.set(model.id, session);
  return { header: session.description, payload: [] };
}

async function unload(modelId: string): Promise<Reply<object>> {
  const session = sessions.get(modelId);
  sessions.delete(modelId);
  await session?.release();
  return { header: {}, payload: [] };
}
