import { DomainError } from '../../errors/domain.error';
import type { Role } from '../../http/principal';
import type { ModelStatus } from '../model-version.entity';

interface Step {
  readonly from: ModelStatus;
  readonly to: ModelStatus;
  readonly roles: readonly Role[];
  /** What the signature says, for a step that is signed (21 CFR 11.50). */
  readonly meaning?: string;
}

/** All there are, a rollback aside: deprecated → production. The database knows the same pairs. */
const STEPS: readonly Step[] = [
  { from: 'development', to: 'validation', roles: ['model_manager'] },
  { from: 'validation', to: 'development', roles: ['model_manager', 'approver'] },
  { from: 'validation', to: 'production', roles: ['approver'], meaning: 'approved for production' },
  { from: 'production', to: 'deprecated', roles: ['approver'], meaning: 'withdrawn from production' },
];

export const RESTORED = 'approved for production again';

/**
 * Who may take a version where. Whether the role is the right one is said before whether the step is possible.
 * @throws DomainError AUTH_FORBIDDEN, MODEL_TRANSITION_INVALID
 */
export function stepFor(role: Role, from: ModelStatus, to: ModelStatus): Step {
  const leading = STEPS.filter((step) => step.to === to);
  const permitted = new Set(leading.flatMap(({ roles }) => roles));
  if (!permitted.has(role))
    throw new DomainError('AUTH_FORBIDDEN', `The step to ${to} is for: ${[...permitted].join(', ')}`);
  const step = leading.find((step) => step.from === from && step.roles.includes(role));
  if (step === undefined) throw invalidStep(from, to);
  return step;
}

export const invalidStep = (from: ModelStatus, to: ModelStatus): DomainError =>
  new DomainError('MODEL_TRANSITION_INVALID', `No step leads from ${from} to ${to}`);
