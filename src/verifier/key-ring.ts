import type { Checkpoint } from './checkpoint';
import type { ExportedEntry } from './entry';
import { VerifierKey } from './verifier-key';

interface RotationDetails {
  readonly previous_key_id?: unknown;
  readonly key_id?: unknown;
  readonly previous_signature?: unknown;
  readonly signature?: unknown;
}

/** The keys that may sign checkpoints of the log at this point of it: those given, and whom they have handed over to. */
export class KeyRing {
  readonly origin: string;
  rotations = 0;
  private active: readonly VerifierKey[];

  /** @param given all of one name, which is the log's origin */
  constructor(given: readonly VerifierKey[]) {
    this.active = given;
    this.origin = given[0]!.name;
  }

  /** A hand-over counts when the key in force and the new one have both signed it; anything else changes nothing. */
  follow({ action, details }: ExportedEntry): void {
    if (action !== 'key.rotated') return;
    const { previous_key_id, key_id, previous_signature, signature } = (details ?? {}) as RotationDetails;
    const previous = VerifierKey.ofLog(this.origin, previous_key_id);
    const next = VerifierKey.ofLog(this.origin, key_id);
    if (previous === undefined || next === undefined || !this.holds(previous)) return;
    const statement = `medai-flow audit key rotation v1\n${this.origin}\n${previous.text}\n${next.text}\n`;
    const signedBy = (key: VerifierKey, base64: unknown): boolean =>
      key.verifies(statement, Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64'));
    if (!signedBy(previous, previous_signature) || !signedBy(next, signature)) return;
    this.active = [...this.active.filter(({ text }) => text !== previous.text && text !== next.text), next];
    this.rotations += 1;
  }

  /** `invalid`: a key of this log is said to have signed it, and has not. `unknown`: none is. */
  judge(checkpoint: Checkpoint): 'valid' | 'invalid' | 'unknown' {
    const verdicts = this.active.map((key) => checkpoint.signedBy(key));
    if (verdicts.includes('invalid')) return 'invalid';
    return verdicts.includes('valid') ? 'valid' : 'unknown';
  }

  private holds(key: VerifierKey): boolean {
    return this.active.some(({ text }) => text === key.text);
  }
}
