import { define } from './error-definition';

export const AUTH_ERRORS = define({
  AUTH_REQUIRED: {
    kind: 'unauthenticated',
    severity: 'low',
    title: 'No access token',
    remedy:
      'Log in with POST /auth/login and send `Authorization: Bearer <access_token>`, or the key of a service account in its place.',
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
  SIGNATURE_PASSWORD_WRONG: {
    kind: 'forbidden',
    severity: 'medium',
    title: 'The password of the signature is not accepted',
    remedy:
      'Nothing was signed; you are still logged in. Send the request again with your password. Repeated failures lock the account for a while.',
  },
  LOGIN_BUSY: {
    kind: 'unavailable',
    severity: 'medium',
    title: 'Too many logins are being checked',
    remedy: 'Try again after the time given in Retry-After.',
  },
  AUTH_SERVICE_ACCOUNT_ONLY: {
    kind: 'conflict',
    severity: 'low',
    title: 'Keys are for service accounts',
    remedy:
      'Only accounts of the role `integration` have keys; a key acts by itself and has no session to end.',
  },
  PASSWORD_RESET_INVALID: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The reset token is not accepted',
    remedy: 'It is used, replaced or expired: ask an administrator for a new one.',
  },
  PASSWORD_REUSED: {
    kind: 'rejected',
    severity: 'low',
    title: 'The password was used before',
    remedy: 'Choose one that is neither the present nor the previous password.',
  },
  SSO_OFF: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no single sign-on here',
    remedy: 'Log in with POST /auth/login; the operator sets OIDC_ISSUER to have single sign-on.',
  },
  SSO_UNAVAILABLE: {
    kind: 'upstream',
    severity: 'high',
    title: 'The identity provider does not answer',
    remedy: 'Try again after the time given in Retry-After.',
  },
  USER_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such account',
    remedy: 'List the accounts with GET /users.',
  },
  USER_OWN_ACCOUNT: {
    kind: 'forbidden',
    severity: 'medium',
    title: 'Nobody does this to the account they are logged in with',
    remedy: 'Ask another administrator; your own password is changed with POST /auth/password.',
  },
  USER_LAST_ADMINISTRATOR: {
    kind: 'conflict',
    severity: 'medium',
    title: 'This is the last active administrator',
    remedy: 'Make another administrator first.',
  },
  USER_DEACTIVATED: {
    kind: 'conflict',
    severity: 'low',
    title: 'The account is deactivated',
    remedy: 'A deactivated account stays so: make a new one.',
  },
  SERVICE_KEY_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such key',
    remedy: 'List the keys of the account with GET /users/{id}/keys.',
  },
  SERVICE_KEY_LIMIT: {
    kind: 'conflict',
    severity: 'low',
    title: 'The account has two active keys of this kind',
    remedy: 'Revoke one first: two at once are for the change from the old to the new.',
  },
  USER_ALREADY_EXISTS: {
    kind: 'conflict',
    severity: 'low',
    title: 'The username or e-mail is taken',
    remedy: 'Names are never reused, not even those of deactivated accounts: choose another.',
  },
});
