import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isConsistent, type TreeHead } from '../../src/audit/merkle/merkle-proof';
import { parseCheckpointText } from '../../src/audit/note/checkpoint-text';
import { formatNoteKey, type NoteKey, noteKey } from '../../src/audit/note/note-key';
import { checkSignature, cosignedText, formatSignature, parseNote } from '../../src/audit/note/signed-note';

/** A C2SP tlog-witness for one log, as the specification has it. What it has cosigned it keeps in memory. */
export interface Witness {
  readonly url: string;
  readonly vkey: string;
  /** The newest head that it has cosigned. */
  readonly head: TreeHead | undefined;
  /** Of every request, as it came. */
  readonly traceparents: (string | undefined)[];
  /** What it answers in place of its own answer, for the next request only. */
  answerNext(status: number, body: string): void;
  stop(): Promise<void>;
}

export async function startWitness(origin: string, logKey: NoteKey): Promise<Witness> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = noteKey('witness.example/w1', 0x04, privateKey);
  const traceparents: (string | undefined)[] = [];
  let head: TreeHead | undefined;
  let forced: { status: number; body: string } | undefined;

  const answer = (body: string): { status: number; body: string } => {
    const [, old, proofLines, note] = /^old (0|[1-9]\d*)\n((?:[A-Za-z0-9+/=]+\n)*)\n([^]*)$/.exec(body) ?? [];
    const signed = parseNote(note ?? '');
    const text = signed && parseCheckpointText(signed.text);
    if (signed === undefined || text === undefined) return { status: 400, body: '' };
    if (text.origin !== origin) return { status: 404, body: '' };
    if (checkSignature(signed, logKey) !== 'valid') return { status: 403, body: '' };
    if (Number(old) > text.size) return { status: 400, body: '' };
    if (Number(old) !== (head?.size ?? 0)) return { status: 409, body: `${head?.size ?? 0}\n` };
    const proof = proofLines!
      .split('\n')
      .filter(Boolean)
      .map((line) => Buffer.from(line, 'base64'));
    if (head?.size === text.size && !head.root.equals(text.root))
      return { status: 409, body: `${head.size}\n` };
    const proven = head === undefined ? proof.length === 0 : isConsistent(head, text, proof);
    if (!proven) return { status: 422, body: '' };
    head = text;
    return { status: 200, body: cosign(signed.text) };
  };
  const cosign = (text: string): string => {
    const time = BigInt(Math.floor(Date.now() / 1000));
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(time);
    const signature = sign(null, Buffer.from(cosignedText(text, time)), privateKey);
    return formatSignature(key, Buffer.concat([stamp, signature]));
  };

  const server = createServer((request, response) => void respond(request, response));
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    traceparents.push(request.headers['traceparent'] as string | undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const known = request.method === 'POST' && request.url === '/witness/add-checkpoint';
    const { status, body } =
      forced ?? (known ? answer(Buffer.concat(chunks).toString()) : { status: 404, body: '' });
    forced = undefined;
    const type = status === 409 ? 'text/x.tlog.size' : 'text/plain; charset=utf-8';
    response.writeHead(status, { 'Content-Type': type }).end(body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/witness`,
    vkey: formatNoteKey(key),
    traceparents,
    get head() {
      return head;
    },
    answerNext(status, body) {
      forced = { status, body };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
