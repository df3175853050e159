import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from '../harness/running-app';
import type { Exchange, Wire } from './wire';

export const VICTIM = 'victim';
/** LOCKOUT_THRESHOLD, as it is by default. */
export const THRESHOLD = 5;
const AT_ONCE = 8;

export const login = (wire: Wire, username: string, password = PASSWORD): Promise<Exchange> =>
  wire.send('POST', '/auth/login', undefined, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });

/** Logs in and out again and again. */
export class Sessions {
  /** Tokens that were let in after their logout was answered. */
  revived = 0;
  ended = 0;

  constructor(private readonly wire: Wire) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.session();
      await sleep(300);
    }
  }

  private async session(): Promise<void> {
    const { status, body } = await login(this.wire, 'clinician');
    if (status !== 200) return;
    const token = (body as { access_token: string }).access_token;
    const logout = await this.wire.send('POST', '/auth/logout', token);
    if (logout.status !== 200) return;
    this.ended++;
    const { status: known } = await this.wire.send('GET', '/auth/me', token);
    if (known === 200) this.revived++;
  }
}

/** Guesses the password of one account until it is locked, and then knows it. */
export class Guesser {
  /** Logins into the account after as many wrong guesses were answered as lock it. */
  intruded = 0;
  private refused = 0;

  constructor(private readonly wire: Wire) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const locked = this.refused >= THRESHOLD;
      if (locked) this.intruded += (await login(this.wire, VICTIM)).status === 200 ? 1 : 0;
      else await this.guess();
      await sleep(500);
    }
  }

  private async guess(): Promise<void> {
    const guesses = Array.from({ length: AT_ONCE }, () => login(this.wire, VICTIM, 'not the right password'));
    this.refused += (await Promise.all(guesses)).filter(({ status }) => status === 401).length;
  }
}
