import { isAbsolute } from 'node:path';
import type { Environment } from './environment';

/** Signed checkpoints of the audit trail and where they are kept outside the database. */
export class CheckpointConfig {
  /** First line of every checkpoint and name of the key: what tells this log from every other. */
  readonly origin: string;
  /** At most so long after an entry a checkpoint covers it. */
  readonly intervalSeconds: number;
  /** Directory that takes every checkpoint, on storage which the database's administrators cannot change. */
  readonly anchor?: string;
  /** C2SP tlog-witness: URL prefix of `add-checkpoint`, and the witness's verifier key. */
  readonly witness?: { readonly url: string; readonly key: string };

  constructor(env: Environment) {
    const origin = env.text('AUDIT_ORIGIN');
    if (origin !== undefined && !/^[A-Za-z0-9._~/-]{1,128}$/.test(origin))
      env.problem('AUDIT_ORIGIN: expected a URL without a scheme, such as audit.example.org/medai-flow');
    this.origin = origin ?? 'medai-flow/audit';
    this.intervalSeconds = env.integer('AUDIT_CHECKPOINT_SECONDS', 10, 1, 60);
    this.anchor = env.text('AUDIT_ANCHOR');
    if (this.anchor !== undefined && !isAbsolute(this.anchor))
      env.problem('AUDIT_ANCHOR: expected the absolute path of a directory');

    const url = env.url('AUDIT_WITNESS_URL', env.text('AUDIT_WITNESS_URL'), ['https:', 'http:']);
    const key = env.text('AUDIT_WITNESS_KEY');
    if ((url === undefined) !== (key === undefined))
      env.problem('AUDIT_WITNESS_KEY: must be set together with AUDIT_WITNESS_URL');
    if (url !== undefined && origin === undefined)
      env.problem('AUDIT_ORIGIN: must be set with AUDIT_WITNESS_URL, a witness tells logs apart by it');
    if (url !== undefined && key !== undefined) this.witness = { url: url.replace(/\/$/, ''), key };
  }
}
