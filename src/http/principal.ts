import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

export const ROLES = [
  'admin',
  'model_manager',
  'approver',
  'clinician',
  'integration',
  'viewer',
  'auditor',
] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling, as the guards found out from the token and the database. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  /** Refresh-token family (`sid`). */
  readonly sessionId: string;
  /** `jti` of the access token. */
  readonly tokenId: string;
  readonly tokenExpiresAt: Date;
  /** The key of a service account, when one was sent in place of an access token: there is no session to end. */
  readonly keyId?: string;
}

export type AuthenticatedRequest = Request & { user?: Principal };

/** The principal of the request; only on routes that are not `@Public()`. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (user === undefined) throw new Error('@CurrentUser() on a route without authentication');
  return user;
});
