import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** ok: answered with a result. failed: refused for certain. unknown: nobody said, or nobody knows, what came of it. */
type Outcome = 'ok' | 'failed' | 'unknown';

export interface Operation {
  readonly key: string;
  /** Stored with the result; tells which operation a row belongs to. */
  readonly tag: string;
  readonly outcome: Outcome;
  /** What the client saw: a status with its code, or how the connection ended. */
  readonly saw: string;
  readonly inferenceId?: string;
  /** Monotonic, ms. */
  readonly answeredAt: number;
}

export interface Caller {
  readonly url: string;
  readonly token: string;
  readonly image: Uint8Array<ArrayBuffer>;
}

const PATIENCE_MS = 30_000;
/** The server cannot tell whether PostgreSQL committed. */
const UNDECIDED = new Set(['DATABASE_UNAVAILABLE']);

/** One image, under a key. Sent again with the same key and tag it is the same operation. */
async function infer({ url, token, image }: Caller, key: string, tag: string): Promise<Operation> {
  const query = new URLSearchParams({ anatomical_region: tag, patient_id: `patient of ${tag}` });
  const known = { key, tag };
  try {
    const response = await fetch(`${url}/infer?${query.toString()}`, {
      method: 'POST',
      headers: { 'Content-Type': 'image/png', Authorization: `Bearer ${token}`, 'Idempotency-Key': key },
      body: image,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = (await response.json()) as { inference_id?: string; code?: string };
    const answeredAt = performance.now();
    if (response.status === 200)
      return { ...known, outcome: 'ok', saw: '200', inferenceId: body.inference_id, answeredAt };
    const outcome = UNDECIDED.has(body.code ?? '') ? 'unknown' : 'failed';
    return { ...known, outcome, saw: `${response.status} ${body.code}`, answeredAt };
  } catch (error) {
    const answeredAt = performance.now();
    const { name, cause } = error as Error;
    if ((cause as { code?: string } | undefined)?.code === 'ECONNREFUSED')
      return { ...known, outcome: 'failed', saw: 'connection refused', answeredAt };
    const saw = name === 'TimeoutError' ? 'no answer' : 'connection lost';
    return { ...known, outcome: 'unknown', saw, answeredAt };
  }
}

/** Clients that send one image after the other until they are stopped, and write down what came of each. */
export class Workload {
  readonly operations: Operation[] = [];
  /** Statuses of GET /health/live; undefined: no answer. */
  readonly live: (number | undefined)[] = [];
  private readonly stopping = new AbortController();
  private readonly clients: Promise<unknown>;

  constructor(
    private readonly caller: Caller,
    clients: number,
  ) {
    const senders = Array.from({ length: clients }, () => this.send());
    this.clients = Promise.all([...senders, this.probe()]);
  }

  /** The first answer with a result after `since`. */
  async nextOk(since: number): Promise<Operation> {
    for (;;) {
      const found = this.operations.find(({ outcome, answeredAt }) => outcome === 'ok' && answeredAt > since);
      if (found !== undefined) return found;
      await sleep(10);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.clients;
  }

  private async send(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const key = randomUUID();
      const operation = await infer(this.caller, key, `op-${key}`);
      this.operations.push(operation);
      if (operation.outcome !== 'ok') await sleep(100);
    }
  }

  private async probe(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const signal = AbortSignal.timeout(2_000);
      const answer = await fetch(`${this.caller.url}/health/live`, { signal }).catch(() => undefined);
      this.live.push(answer?.status);
      await sleep(100);
    }
  }
}

/** Sends what is not known to be done again, with its key, until it is done. */
export async function resolve(caller: Caller, operations: readonly Operation[]): Promise<Operation[]> {
  const again = async ({ key, tag }: Operation): Promise<Operation> => {
    for (;;) {
      const operation = await infer(caller, key, tag);
      if (operation.outcome === 'ok') return operation;
      await sleep(500);
    }
  };
  return Promise.all(operations.map(again));
}
