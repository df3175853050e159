import canonicalize from 'canonicalize';
import type { ErrorCode } from '../errors/error-codes';
import type { AuditDetails } from './audit-details';

/** The closed union of what can happen, as `noun.verb`. A new action is added here first. */
export const AUDIT_ACTIONS = [
  'admin.accessed',
  'audit.archived',
  'audit.checkpoint_read',
  'audit.exported',
  'audit.listed',
  'audit.proof_read',
  'audit.read',
  'audit.rejected',
  'audit.verified',
  'auth.limited',
  'auth.login',
  'auth.logout',
  'auth.password_changed',
  'auth.refreshed',
  'auth.refused',
  'auth.reuse_detected',
  'batch.cancelled',
  'batch.completed',
  'batch.failed',
  'batch.read',
  'batch.replayed',
  'batch.submitted',
  'inference.abandoned',
  'inference.completed',
  'inference.failed',
  'inference.replayed',
  'inference.requested',
  'key.created',
  'key.listed',
  'key.retired',
  'key.revoked',
  'key.rotated',
  'model.listed',
  'model.loaded',
  'model.quarantined',
  'model.read',
  'model.registered',
  'model.released',
  'model.transitioned',
  'model.unloaded',
  'result.approved',
  'result.corrected',
  'result.exported',
  'result.held',
  'result.listed',
  'result.marked',
  'result.purged',
  'result.read',
  'result.rekeyed',
  'result.released',
  'result.reviewed',
  'system.configuration_changed',
  'system.health_read',
  'system.started',
  'system.stopped',
  'user.created',
  'user.deactivated',
  'user.listed',
  'user.locked',
  'user.password_reset',
  'user.read',
  'user.role_changed',
  'user.unlocked',
  'user.updated',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AUDIT_OBJECT_TYPES = [
  'audit_checkpoint',
  'audit_entry',
  'inference_batch',
  'inference_result',
  'model_version',
  'session',
  'signing_key',
  'system',
  'user',
] as const;
export type AuditObjectType = (typeof AUDIT_OBJECT_TYPES)[number];

export const AUDIT_OUTCOMES = ['success', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface AuditEntry {
  readonly event_id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurred_at: string;
  readonly actor_id: string | null;
  readonly actor_role: string | null;
  readonly action: AuditAction;
  readonly object_type: AuditObjectType | null;
  readonly object_id: string | null;
  readonly outcome: AuditOutcome;
  readonly reason: ErrorCode | null;
  readonly request_id: string | null;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly details: AuditDetails;
}

/** An entry is one line of an export; C2SP tlog-tiles ends at 65,535 bytes. */
const MAX_BYTES = 32_768;

/** The exact text that is stored and hashed: RFC 8785. */
export function canonicalText(entry: AuditEntry): string {
  const text = canonicalize(entry);
  if (text === undefined || Buffer.byteLength(text) > MAX_BYTES)
    throw new Error(`an audit entry is a JSON object of at most ${MAX_BYTES} bytes`);
  return text;
}

const TEXTS = ['event_id', 'occurred_at', 'action', 'outcome'] as const;

/** An entry as it was stored; undefined for a text that is none. */
export function readEntry(text: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<AuditEntry> | null;
    const isEntry = TEXTS.every((name) => typeof entry?.[name] === 'string') && isObject(entry?.details);
    return isEntry ? (entry as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `name/1.2`, as RFC 9110 section 10.1.5 has it; a comment may say anything and is left out. */
const PRODUCT = /^[A-Za-z][A-Za-z0-9._-]{0,31}\/[0-9][0-9A-Za-z._-]{0,15}$/;
const LONE_PRODUCT = /^[A-Za-z][A-Za-z0-9._-]{0,31}$/;

/** The programs that a User-Agent header names; null when it names none. */
export function productsOf(userAgent: string | null): string | null {
  const words = userAgent?.split(' ') ?? [];
  if (words.length === 1 && LONE_PRODUCT.test(words[0]!)) return words[0]!;
  const products = words.filter((word) => PRODUCT.test(word)).slice(0, 8);
  return products.length > 0 ? products.join(' ') : null;
}
