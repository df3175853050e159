import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CANARY } from '../harness/canaries';
import type { Exchange, Wire } from './wire';

/** ok: answered with a result. failed: refused for certain. unknown: nobody said, or nobody knows, what came of it. */
export type Outcome = 'ok' | 'failed' | 'unknown';

export interface Operation {
  readonly request: Sendable;
  /** Stored with the result; tells which operation a row belongs to. */
  readonly tag: string;
  readonly outcome: Outcome;
  /** What the client saw: a status with its code, or how the connection ended. */
  readonly saw: string;
  readonly inferenceId?: string;
  /** What was said of it, to the byte. */
  readonly said?: string;
  /** Monotonic, ms. */
  readonly answeredAt: number;
}

/** A request under a key. Sent again it is the same operation, or the same operations. */
export interface Sendable {
  send(): Promise<Operation[]>;
}

export interface Caller {
  readonly wire: Wire;
  readonly token: string;
  readonly image: Uint8Array<ArrayBuffer>;
}

export const WRONG_BATCH = 'not one answer for each image';

/** The server cannot tell whether PostgreSQL committed. */
const UNDECIDED = new Set(['DATABASE_UNAVAILABLE']);

function outcomeOf({ status, body, saw }: Exchange): Outcome {
  if (status === undefined) return saw === 'connection refused' ? 'failed' : 'unknown';
  if (status === 200) return 'ok';
  return UNDECIDED.has((body as { code?: string }).code ?? '') ? 'unknown' : 'failed';
}

/** One image. */
export class ImageRequest implements Sendable {
  private readonly key = randomUUID();

  constructor(private readonly caller: Caller) {}

  async send(): Promise<Operation[]> {
    const { wire, token, image } = this.caller;
    const tag = `op-${this.key}`;
    const query = new URLSearchParams({ anatomical_region: tag, patient_id: CANARY.name });
    const exchange = await wire.send('POST', `/infer?${query.toString()}`, token, {
      headers: { 'Content-Type': 'image/png', 'Idempotency-Key': this.key, 'X-Patient': CANARY.mrn },
      body: image,
    });
    const { status, body, text } = exchange;
    const answer = status === 200 ? { id: (body as AnsweredImage).inference_id, said: text! } : undefined;
    return [operation(this, tag, exchange, answer)];
  }
}

const SIZE = 5;
/** Not an image: it alone must fail, and in its place. */
const CORRUPT = 2;
const POLL_MS = 200;

interface AnsweredImage {
  readonly inference_id: string;
  readonly status: string;
  readonly error?: { readonly code?: string };
}

/** Four images and something that is none, answered at once or later. The four are operations. */
export class BatchRequest implements Sendable {
  private readonly key = randomUUID();
  private readonly tags = Array.from({ length: SIZE }, (_, i) => `op-${this.key}-${i}`);

  constructor(
    private readonly caller: Caller,
    private readonly later: boolean,
  ) {}

  async send(): Promise<Operation[]> {
    const { wire, token } = this.caller;
    const accepted = await wire.send('POST', '/infer/batch', token, {
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': this.key,
        ...(this.later && { Prefer: 'respond-async' }),
      },
      body: this.body(),
    });
    const exchange =
      accepted.status === 202
        ? await this.finished((accepted.body as { batch_id: string }).batch_id)
        : accepted;
    const operations = exchange.status === 200 ? this.answers(exchange) : this.alike(exchange);
    return operations.filter((_, i) => i !== CORRUPT);
  }

  private body(): string {
    const image = Buffer.from(this.caller.image).toString('base64');
    const images = this.tags.map((anatomical_region, i) => ({
      image: i === CORRUPT ? 'iVBORw0KGgo=' : image,
      patient_id: CANARY.mrn,
      anatomical_region,
    }));
    return JSON.stringify({ images });
  }

  /** Asked until it is done: what has been accepted is done, whatever happens. */
  private async finished(id: string): Promise<Exchange> {
    const { wire, token } = this.caller;
    for (;;) {
      const exchange = await wire.send('GET', `/infer/batch/${id}`, token);
      const { status, body } = exchange as { status?: number; body: { finished_at: string | null } };
      if (status === 404 || (status === 200 && body.finished_at !== null)) return exchange;
      await sleep(POLL_MS);
    }
  }

  private alike(exchange: Exchange): Operation[] {
    return this.tags.map((tag) => operation(this, tag, exchange));
  }

  private answers(exchange: Exchange): Operation[] {
    const { results } = exchange.body as { results: readonly AnsweredImage[] };
    const typed = results.every(({ status, error }) => status === 'completed' || error?.code !== undefined);
    if (results.length !== SIZE || !typed || results[CORRUPT]?.status !== 'failed')
      return this.alike({ status: 500, body: exchange.body, saw: WRONG_BATCH });
    return results.map(({ error, ...image }, i) =>
      error === undefined
        ? operation(this, this.tags[i]!, exchange, { id: image.inference_id, said: JSON.stringify(image) })
        : operation(this, this.tags[i]!, { status: 503, body: error, saw: `image: ${error.code}` }),
    );
  }
}

const operation = (
  request: Sendable,
  tag: string,
  exchange: Exchange,
  answer?: { readonly id: string; readonly said: string },
): Operation => ({
  request,
  tag,
  outcome: outcomeOf(exchange),
  saw: exchange.saw,
  inferenceId: answer?.id,
  said: answer?.said,
  answeredAt: performance.now(),
});

/** Sends what is not known to be done again until it is done. */
export async function resolve(operations: readonly Operation[]): Promise<Operation[]> {
  const again = async (request: Sendable): Promise<Operation[]> => {
    for (;;) {
      const sent = await request.send();
      if (sent.some(({ outcome }) => outcome === 'ok')) return sent;
      await sleep(500);
    }
  };
  const requests = new Set(operations.map(({ request }) => request));
  return (await Promise.all([...requests].map(again))).flat();
}

/** Sends the last of those that are done again under their keys. */
export async function repeat(operations: readonly Operation[], count: number): Promise<Operation[]> {
  const done = operations.filter(({ outcome }) => outcome === 'ok').map(({ request }) => request);
  const requests = [...new Set(done)].slice(-count);
  return (await Promise.all(requests.map((request) => request.send()))).flat();
}
