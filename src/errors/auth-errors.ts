import { define } from './error-definition';

export const AUTH_ERRORS = define({
  AUTH_REQUIRED: {
    kind: 'unauthenticated',
    severity: 'low',
    title: 'No access token',
    remedy: 'Log in with POST /auth/login and send `Authorization: Bearer <access_token>`.',
  },
  AUTH_TOKEN_INVALID: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The access token is not accepted',
    remedy: 'The token is expired, revoked or not ours: log in again.',
  },
  AUTH_INVALID_CREDENTIALS: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The credentials are not accepted',
    remedy: 'Check username and password. Repeated failures lock an account for a while.',
  },
  AUTH_REFRESH_INVALID: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The refresh token is not accepted',
    remedy: 'Log in again.',
  },
  AUTH_FORBIDDEN: {
    kind: 'forbidden',
    severity: 'medium',
    title: 'Your role does not permit this',
    remedy: 'Ask an administrator which role this action needs.',
  },
  AUTH_PASSWORD_CHANGE_REQUIRED: {
    kind: 'forbidden',
    severity: 'low',
    title: 'The password must be changed first',
    remedy: 'Change it with POST /auth/password.',
  },
  USER_ALREADY_EXISTS: {
    kind: 'conflict',
    severity: 'low',
    title: 'The username or e-mail is taken',
    remedy: 'Names are never reused, not even those of deactivated accounts: choose another.',
  },
});
