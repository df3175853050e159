import { createHash } from 'node:crypto';
import type { Environment } from './environment';

/** What this process really runs with, defaults included and secrets left out, as one hash: a change of it is audited. */
export class EffectiveSettings {
  /** SHA-256 in hex over the sorted names and values. */
  readonly hash: string;
  /** Variables that have no effect, each with the one that was probably meant. */
  readonly misspelt: ReadonlyMap<string, string>;

  constructor(env: Environment) {
    this.misspelt = env.misspelt();
    const settings = [...env.settings].toSorted(([a], [b]) => (a < b ? -1 : 1));
    this.hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  }
}
