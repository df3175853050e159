import { isAbsolute } from 'node:path';
import type { Environment } from './environment';

/** 45 CFR 164.316(b)(2)(i); every six years hold a leap day, most hold two. */
const SIX_YEARS_IN_DAYS = 6 * 365 + 2;

/** Signed checkpoints of the audit trail and where they are kept outside the database. */
export class CheckpointConfig {
  /** First line of every checkpoint and name of the key: what tells this log from every other. */
  readonly origin: string;
  /** At most so long after an entry a checkpoint covers it. */
  readonly intervalSeconds: number;
  /** Directory that takes every checkpoint, on storage which the database's administrators cannot change. */
  readonly anchor?: string;
  /** Age at which entries may leave the database for an archive. */
  readonly retentionDays: number;
  /** C2SP tlog-witness: URL prefix of `add-checkpoint`, and the witness's verifier key. */
  readonly witness?: { readonly url: string; readonly key: string };

  constructor(env: Environment) {
    const origin = env.text('AUDIT_ORIGIN');
    if (origin !== undefined && !/^[A-Za-z0-9._~/-]{1,128}$/.test(origin))
      env.problem('AUDIT_ORIGIN: expected a URL without a scheme, such as audit.example.org/medai-flow');
    this.origin = origin ?? 'medai-flow/audit';
    this.intervalSeconds = env.integer('AUDIT_CHECKPOINT_SECONDS', 10, 1, 60);
    this.retentionDays = env.integer('AUDIT_RETENTION_DAYS', SIX_YEARS_IN_DAYS, 365, 36_525);
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
