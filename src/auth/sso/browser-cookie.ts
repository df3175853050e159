import type { Request, Response } from 'express';
import type { SsoStart } from './sso-login.service';

const NAME = 'medai_sso';
const VALUE = new RegExp(`(?:^|; *)${NAME}=([A-Za-z0-9_-]{43})(?:;|$)`);
const MAX_AGE_MS = 600_000;

/** Lax: the way back from the provider is a link to another site. */
export function rememberBrowser(response: Response, { browser, secure }: SsoStart): void {
  response.cookie(NAME, browser, {
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: '/auth/sso',
    maxAge: MAX_AGE_MS,
  });
}

export function browserOf({ headers }: Request): string | undefined {
  return VALUE.exec(headers.cookie ?? '')?.[1];
}
