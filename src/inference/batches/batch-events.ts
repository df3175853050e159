import type { AuditAction } from '../../audit/audit-entry';
import type { AuditEvent } from '../../audit/audit-trail.service';
import { ERROR_CODES } from '../../errors/error-codes';
import { PROBLEM_STATUS } from '../../http/problem-status';
import { type ItemCounts } from './batch-status';
import type { InferenceBatch } from './inference-batch.entity';
import type { ItemOutcome } from './item-inference.service';

interface Event extends AuditEvent {
  readonly action: AuditAction;
}

/** What the audit trail says of an image of a batch that is done. Its actor is who sent the batch. */
export function itemEvent(
  { createdBy, createdByRole }: InferenceBatch,
  { result, validation, model }: ItemOutcome,
): Event {
  const { error } = result;
  return {
    action: error === null ? 'inference.completed' : 'inference.failed',
    actorId: createdBy,
    actorRole: createdByRole,
    objectType: 'inference_result',
    objectId: result.id,
    ...(error !== null && { reason: error.code, outcome: outcomeOf(error.code) }),
    details: {
      batch_id: result.batchId!,
      ...(model && { model_id: model.model_id, model_file_hash: model.file_hash }),
      ...(result.imageHash !== null && { image_hash: result.imageHash }),
      ...(validation && { is_valid: validation.isValid }),
    },
  };
}

/** The last image of a batch is done. */
export const completedEvent = (
  { id, createdBy, createdByRole }: InferenceBatch,
  { completed, failed, cancelled }: ItemCounts,
): Event => ({
  action: 'batch.completed',
  actorId: createdBy,
  actorRole: createdByRole,
  objectType: 'inference_batch',
  objectId: id,
  details: { count: completed + failed + cancelled, successful: completed, failed, cancelled },
});

const outcomeOf = (code: keyof typeof ERROR_CODES): 'refused' | 'failed' =>
  PROBLEM_STATUS[ERROR_CODES[code].kind].status < 500 ? 'refused' : 'failed';
