import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AuditTrail } from '../../audit/audit-trail.service';
import { routeOf } from '../../audit/audit.interceptor';
import { DomainError } from '../../errors/domain.error';
import { jsonBody } from '../../http/body';
import { validated } from '../../http/validation';
import { LoginDto } from '../login/login.dto';
import { Lockout, type ReservedAttempt } from './lockout.service';
import { verifyNobody } from '../passwords/passwords';
import { foldUsername } from '../users/username';

const reservations = new WeakMap<Request, ReservedAttempt>();

/** The attempt that the guard reserved for this login. */
export function reservedAttempt(request: Request): ReservedAttempt {
  const attempt = reservations.get(request);
  if (attempt === undefined) throw new Error('LockoutGuard did not run');
  return attempt;
}

/** Lets a login through to the password check only if the account has an attempt left. */
@Injectable()
export class LockoutGuard implements CanActivate {
  constructor(
    private readonly lockout: Lockout,
    private readonly trail: AuditTrail,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const login = await readLogin(request);
    if (login === undefined) return true; // the validation that follows refuses it, with an audit entry

    const attempt = await this.lockout.reserve(foldUsername(login.username));
    if (attempt !== undefined) {
      reservations.set(request, attempt);
      return true;
    }
    await verifyNobody(login.password);
    await this.trail.refused('AUTH_INVALID_CREDENTIALS', { route: routeOf(request), http_status: 401 });
    throw new DomainError('AUTH_INVALID_CREDENTIALS');
  }
}

async function readLogin(request: Request): Promise<LoginDto | undefined> {
  try {
    return validated(LoginDto, await jsonBody(request));
  } catch {
    return undefined;
  }
}
