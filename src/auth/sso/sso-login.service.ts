import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SingleSignOnConfig } from '../../config/single-sign-on.config';
import { DomainError } from '../../errors/domain.error';
import { logins } from '../auth.metrics';
import { SessionOpening } from '../login/session-opening.service';
import type { TokenResponse } from '../login/token.response';
import { SsoAccounts } from './sso-accounts.service';
import { SsoProvider, type SsoSecrets } from './sso-provider.service';
import { roleOfGroups } from './sso-role';

const AT_PROVIDER_SECONDS = 600;

export interface SsoStart {
  readonly url: string;
  /** For the cookie: a login comes back to the browser that it left, or not at all. */
  readonly browser: string;
  /** Whether people come over HTTPS. */
  readonly secure: boolean;
}

const random = (): string => randomBytes(32).toString('base64url');
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** OpenID Connect, code flow with PKCE, state and nonce. Ends in our own tokens. */
@Injectable()
export class SsoLogin {
  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: SsoProvider,
    private readonly accounts: SsoAccounts,
    private readonly config: SingleSignOnConfig,
    private readonly sessions: SessionOpening,
  ) {}

  async start(): Promise<SsoStart> {
    const secrets = { state: random(), nonce: random(), codeVerifier: random() };
    const browser = random();
    const url = await this.provider.loginUrl(secrets);
    await this.dataSource.query(
      `INSERT INTO sso_logins (state_hash, browser_hash, code_verifier, nonce, expires_at)
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
      [hashOf(secrets.state), hashOf(browser), secrets.codeVerifier, secrets.nonce, AT_PROVIDER_SECONDS],
    );
    const comesBackTo = url.searchParams.get('redirect_uri') ?? '';
    return { url: url.href, browser, secure: comesBackTo.startsWith('https:') };
  }

  /**
   * @param query of the callback, with its question mark
   * @throws DomainError AUTH_INVALID_CREDENTIALS, AUTH_FORBIDDEN for a person in no group that has a role
   */
  async finish(query: string, browser: string | undefined): Promise<TokenResponse> {
    const state = new URLSearchParams(query).get('state');
    const secrets = state && browser ? await this.take(state, browser) : undefined;
    const claims = secrets && (await this.provider.claims(query, secrets));
    if (claims === undefined) throw this.refused('AUTH_INVALID_CREDENTIALS');
    const role = roleOfGroups(claims[this.config.groupsClaim], this.config.roleOfGroup);
    if (role === undefined) throw this.refused('AUTH_FORBIDDEN');
    const id = await this.accounts.accountOf(claims, role);
    const answer = id && (await this.sessions.open(id, 'sso'));
    if (!answer) throw this.refused('AUTH_INVALID_CREDENTIALS');
    logins.inc({ method: 'sso', outcome: 'success' });
    return answer;
  }

  private refused(code: 'AUTH_INVALID_CREDENTIALS' | 'AUTH_FORBIDDEN'): DomainError {
    logins.inc({ method: 'sso', outcome: 'refused' });
    return new DomainError(code);
  }

  /** Once, whatever comes of it. */
  private async take(state: string, browser: string): Promise<SsoSecrets | undefined> {
    const [rows] = await this.dataSource.query<[{ code_verifier: string; nonce: string }[], number]>(
      `DELETE FROM sso_logins WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > now()
       RETURNING code_verifier, nonce`,
      [hashOf(state), hashOf(browser)],
    );
    const row = rows[0];
    return row && { state, nonce: row.nonce, codeVerifier: row.code_verifier };
  }
}
