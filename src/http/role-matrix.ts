import { type Role, ROLES } from './principal';

/**
 * Who may do what: the guards decide by it, the documentation shows it (`x-roles`), and a test calls every route as
 * every role. A route names a row as `@Roles(...MAY.readResults)`; a route that names none lets nobody in.
 */
export const MAY = {
  /** Accounts, keys of service accounts, the full health report. Gives no access to results. */
  administer: ['admin'],
  /** A model_manager and an approver only on versions that are not in production. */
  infer: ['clinician', 'integration', 'model_manager', 'approver'],
  registerModels: ['model_manager'],
  /** To validation the one, to production the other; nobody what they uploaded. */
  moveModels: ['model_manager', 'approver'],
  rollBackModels: ['approver'],
  /** A service account what it made itself. */
  readResults: ['clinician', 'viewer', 'integration'],
  reviewResults: ['clinician'],
  /**
   * Legal holds, by id and without seeing the result: whoever made or judged a result can neither hold nor release it.
   */
  holdResults: ['admin'],
  readHolds: ['admin', 'auditor'],
  /** An auditor without the fields of patients. */
  exportResults: ['clinician', 'auditor'],
  audit: ['auditor'],
  useOwnAccount: ROLES,
} as const satisfies Record<string, readonly Role[]>;
