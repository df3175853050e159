import type { Environment } from './environment';

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

/** One OpenID provider for people; unset: they log in with passwords only. */
export class SingleSignOnConfig {
  readonly issuer?: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** The claim that lists a person's groups. */
  readonly groupsClaim: string;
  /** Group → role, in order: the first group that the person is in decides; in none, nobody gets in. */
  readonly roleOfGroup: ReadonlyMap<string, string>;

  constructor(env: Environment) {
    this.issuer = env.url('OIDC_ISSUER', env.text('OIDC_ISSUER'), ['https:', 'http:']);
    this.clientId = env.text('OIDC_CLIENT_ID') ?? '';
    this.clientSecret = env.secret('OIDC_CLIENT_SECRET');
    this.groupsClaim = env.text('OIDC_GROUPS_CLAIM') ?? 'groups';
    this.roleOfGroup = new Map(
      (env.text('OIDC_ROLES') ?? '')
        .split(',')
        .filter(Boolean)
        .map((pair) => [
          pair.slice(0, pair.lastIndexOf('=')).trim(),
          pair.slice(pair.lastIndexOf('=') + 1).trim(),
        ]),
    );
    if (this.issuer === undefined) return;
    if (this.issuer.startsWith('http:') && !LOOPBACK.test(this.issuer))
      env.problem('OIDC_ISSUER: expected https://, except on this machine');
    if (this.clientId === '') env.problem('OIDC_CLIENT_ID: must be set when OIDC_ISSUER is');
    if (env.text('PUBLIC_URL') === undefined)
      env.problem('PUBLIC_URL: must be set when OIDC_ISSUER is, so that people come back');
    if (this.roleOfGroup.size === 0)
      env.problem(
        'OIDC_ROLES: expected group=role pairs with commas between them; without one nobody gets in',
      );
  }
}
