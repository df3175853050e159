import { Counter } from 'prom-client';

export const logins = new Counter({
  name: 'medai_auth_logins_total',
  help: 'Logins by method (password, key, assertion, sso) and outcome (success, refused, locked, limited)',
  labelNames: ['method', 'outcome'],
});

export const accountsLocked = new Counter({
  name: 'medai_auth_accounts_locked_total',
  help: 'Accounts locked after failed logins',
});

export const refusals = new Counter({
  name: 'medai_auth_refusals_total',
  help: 'Requests that the guards refused, by error code',
  labelNames: ['code'],
});

export const rateLimited = new Counter({
  name: 'medai_rate_limited_total',
  help: 'Requests answered with 429, by the limit that was reached (principal, source, login)',
  labelNames: ['limit'],
});

export const revocationChecks = new Counter({
  name: 'medai_revocation_checks_total',
  help: 'Access tokens looked up among the revoked ones, by the store that answered',
  labelNames: ['store'],
});

export const tokenCache = new Counter({
  name: 'medai_token_cache_total',
  help: 'Access tokens verified, by whether the signature had been verified before (hit, miss)',
  labelNames: ['result'],
});

export const malformedHashes = new Counter({
  name: 'medai_password_hash_unreadable_total',
  help: 'Stored password hashes that could not be verified: damaged, or made with a pepper that is missing',
});
