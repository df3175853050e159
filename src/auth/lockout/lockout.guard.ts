import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { jsonBody } from '../../http/body';
import { validated } from '../../http/validation';
import { LoginLimit } from '../limits/login-limit.service';
import { LoginDto } from '../login/login.dto';
import { foldUsername } from '../users/username';
import { Lockout, type ReservedAttempt } from './lockout.service';

const reservations = new WeakMap<Request, ReservedAttempt>();

/** The attempt that the guard reserved for this login. */
export function reservedAttempt(request: Request): ReservedAttempt {
  const attempt = reservations.get(request);
  if (attempt === undefined) throw new Error('LockoutGuard did not run');
  return attempt;
}

/** Lets a login through to the password check when its source may try and an attempt at the account is reserved. */
@Injectable()
export class LockoutGuard implements CanActivate {
  constructor(
    private readonly lockout: Lockout,
    private readonly limit: LoginLimit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const login = await readLogin(request);
    if (login === undefined) return true; // the validation that follows refuses it, with an audit entry

    await this.limit.reserve(request);
    const attempt = await this.lockout.reserve(foldUsername(login.username));
    response.once('close', () => {
      attempt.release();
      const answered = response.writableFinished; // the status of an answer that was not waited for says nothing
      if (answered && response.statusCode < 400) void this.limit.succeeded(request);
    });
    reservations.set(request, attempt);
    return true;
  }
}

async function readLogin(request: Request): Promise<LoginDto | undefined> {
  try {
    return validated(LoginDto, await jsonBody(request));
  } catch {
    return undefined;
  }
}
