import { AuditLog } from './audit/audit-log.entity';
import { ElectronicSignature } from './audit/signature/electronic-signature.entity';
import { RefreshToken } from './auth/sessions/refresh-token.entity';
import { RevokedToken } from './auth/revocation/revoked-token.entity';
import { User } from './auth/users/user.entity';
import type { EntityClass } from './database/data-source-options';
import { InferenceBatchItem } from './inference/batches/inference-batch-item.entity';
import { InferenceBatch } from './inference/batches/inference-batch.entity';
import { IdempotencyKey } from './inference/idempotency/idempotency-key.entity';
import { ModelTransition } from './models/lifecycle/model-transition.entity';
import { ModelVersion } from './models/model-version.entity';
import { LegalHold } from './results/retention/legal-hold.entity';
import { ResultReview } from './results/review/result-review.entity';
import { InferenceResult } from './results/inference-result.entity';
import { ValidationResult } from './results/validation-result.entity';

/** Every entity, for the application and for the migration command alike. */
export const ENTITIES: readonly EntityClass[] = [
  User,
  RefreshToken,
  RevokedToken,
  ModelVersion,
  ModelTransition,
  ElectronicSignature,
  InferenceBatch,
  InferenceBatchItem,
  InferenceResult,
  ValidationResult,
  ResultReview,
  LegalHold,
  IdempotencyKey,
  AuditLog,
];
