import { tracedCall } from '../../tracing/tracing';
import {
  timedSignature,
  checkSignature,
  formatSignature,
  parseNote,
  parseSignatures,
} from '../note/signed-note';
import type { NoteKey } from '../note/note-key';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly lines: string }
  /** The witness has cosigned another size than was said. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** It holds a tree of the same size with another root, or the proof does not hold from the tree it holds. */
  | { readonly kind: 'inconsistent' };

export interface WitnessRequest {
  readonly oldSize: number;
  /** RFC 6962 consistency proof from `oldSize`; empty from 0. */
  readonly proof: readonly Buffer[];
  readonly note: string;
}

/** C2SP tlog-witness, the `add-checkpoint` call. */
export class WitnessClient {
  constructor(
    private readonly url: string,
    private readonly key: NoteKey,
  ) {}

  /** @throws Error for everything that may pass: no connection, an unknown log, a cosignature that does not verify */
  async addCheckpoint(request: WitnessRequest): Promise<WitnessAnswer> {
    const proof = request.proof.map((hash) => `${hash.toString('base64')}\n`).join('');
    const response = await tracedCall('witness add-checkpoint', (trace) =>
      fetch(`${this.url}/add-checkpoint`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain; charset=utf-8', ...trace },
        body: `old ${request.oldSize}\n${proof}\n${request.note}`,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
    const text = await boundedText(response);
    if (response.status === 200) return { kind: 'cosigned', lines: this.verified(request.note, text) };
    if (response.status === 409) {
      const size = /^(0|[1-9]\d{0,15})\n$/.exec(text)?.[1];
      if (size !== undefined && Number(size) !== request.oldSize)
        return { kind: 'conflict', size: Number(size) };
      return { kind: 'inconsistent' };
    }
    if (response.status === 422) return { kind: 'inconsistent' };
    throw new Error(`the witness answered ${response.status}`);
  }

  /** The lines of the configured witness; those of keys that nobody has asked for are left out. */
  private verified(note: string, lines: string): string {
    const signed = parseNote(note + lines);
    const known = parseSignatures(lines)?.filter(
      ({ name, id }) => name === this.key.name && id.equals(this.key.id),
    );
    if (signed === undefined || !known?.length || checkSignature(signed, this.key) !== 'valid')
      throw new Error('the cosignature of the witness does not verify');
    const latest = known.reduce((a, b) =>
      timedSignature(b.bytes).time > timedSignature(a.bytes).time ? b : a,
    );
    return formatSignature(this.key, latest.bytes);
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer of the witness is too long');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}
