import { isAbsolute } from 'node:path';
import type { Environment } from './environment';
import { type S3Location, s3Location } from './object-store/s3-location';

/** 45 CFR 164.316(b)(2)(i); every six years hold a leap day, most hold two. */
const SIX_YEARS_IN_DAYS = 6 * 365 + 2;
const MAX_DAYS = 36_525;

/** Signed checkpoints of the audit trail and where they are kept outside the database. */
export class CheckpointConfig {
  /** First line of every checkpoint and name of the key: what tells this log from every other. */
  readonly origin: string;
  /** At most so long after an entry a checkpoint covers it. */
  readonly intervalSeconds: number;
  /** What takes every checkpoint, on storage which the database's administrators cannot change: a directory, or a store. */
  readonly anchor?: string | (S3Location & { readonly lockDays?: number });
  /** Age at which entries may leave the database for an archive. */
  readonly retentionDays: number;
  /** C2SP tlog-witness: URL prefix of `add-checkpoint`, and the witness's verifier key. */
  readonly witness?: { readonly url: string; readonly key: string };

  /** @param resultDays the longest that a result is kept */
  constructor(env: Environment, resultDays: number) {
    const origin = env.text('AUDIT_ORIGIN');
    if (origin !== undefined && !/^[A-Za-z0-9._~/-]{1,128}$/.test(origin))
      env.problem('AUDIT_ORIGIN: expected a URL without a scheme, such as audit.example.org/medai-flow');
    this.origin = origin ?? 'medai-flow/audit';
    this.intervalSeconds = env.integer('AUDIT_CHECKPOINT_SECONDS', 10, 1, 60);
    this.retentionDays = env.integer(
      'AUDIT_RETENTION_DAYS',
      Math.max(SIX_YEARS_IN_DAYS, resultDays),
      365,
      MAX_DAYS,
    );
    if (this.retentionDays < resultDays)
      env.problem(
        'AUDIT_RETENTION_DAYS: must not be less than RETENTION_DAYS, entries outlive their results',
      );
    this.anchor = anchorOf(env);

    const url = env.url('AUDIT_WITNESS_URL', env.text('AUDIT_WITNESS_URL'), ['https:', 'http:']);
    const key = env.text('AUDIT_WITNESS_KEY');
    if ((url === undefined) !== (key === undefined))
      env.problem('AUDIT_WITNESS_KEY: must be set together with AUDIT_WITNESS_URL');
    if (url !== undefined && origin === undefined)
      env.problem('AUDIT_ORIGIN: must be set with AUDIT_WITNESS_URL, a witness tells logs apart by it');
    if (url !== undefined && key !== undefined) this.witness = { url: url.replace(/\/$/, ''), key };
  }
}

/** The place alone is recorded among the settings, never the key of a store. */
function anchorOf(env: Environment): CheckpointConfig['anchor'] {
  const text = env.secret('AUDIT_ANCHOR');
  if (text === undefined || isAbsolute(text)) {
    env.settings.set('AUDIT_ANCHOR', text ?? null);
    return text;
  }
  const location = s3Location(env, 'AUDIT_ANCHOR');
  if (location === undefined) return env.problem('AUDIT_ANCHOR: a directory is given by its absolute path');
  const lock = new URL(text).searchParams.get('lock_days');
  if (lock !== null && !/^[1-9]\d{0,4}$/.test(lock))
    return env.problem('AUDIT_ANCHOR: lock_days is a number of days');
  const { endpoint, bucket, prefix } = location;
  env.settings.set('AUDIT_ANCHOR', `${endpoint}/${bucket}/${prefix}?lock_days=${lock}`);
  return { ...location, ...(lock !== null && { lockDays: Number(lock) }) };
}
