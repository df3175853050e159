import canonicalize from 'canonicalize';
import type { ErrorCode } from '../errors/error-codes';

/** The closed union of what can happen, as `noun.verb`. A new action is added here first. */
export const AUDIT_ACTIONS = [
  'admin.accessed',
  'audit.listed',
  'audit.read',
  'audit.verified',
  'auth.login',
  'auth.logout',
  'auth.refreshed',
  'auth.refused',
  'auth.password_changed',
  'inference.completed',
  'inference.failed',
  'model.listed',
  'model.read',
  'model.registered',
  'model.transitioned',
  'result.listed',
  'result.read',
  'system.health_read',
  'user.created',
  'user.locked',
  'user.read',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export type AuditObjectType = 'audit_entry' | 'inference_result' | 'model_version' | 'user' | 'session';
export type AuditOutcome = 'success' | 'refused' | 'failed';

/** Facts that may stand in an entry. Ids, codes and counts only: no names, no free text, nothing of a patient. */
export interface AuditDetails {
  readonly route?: string;
  readonly http_status?: number;
  readonly model_id?: string;
  readonly model_file_hash?: string;
  readonly image_hash?: string;
  readonly is_valid?: boolean;
  readonly returned_ids?: readonly string[];
  readonly count?: number;
  readonly role?: string;
  readonly from_status?: string;
  readonly to_status?: string;
  readonly first_seq?: string;
  readonly last_seq?: string;
  readonly valid?: boolean;
}

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

/** The exact text that is stored and hashed: RFC 8785. */
export function canonicalText(entry: AuditEntry): string {
  const text = canonicalize(entry);
  if (text === undefined) throw new Error('an audit entry must be a JSON object');
  return text;
}
