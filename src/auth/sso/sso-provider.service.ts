import { Injectable, Logger } from '@nestjs/common';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  type Configuration,
  customFetch,
  type CustomFetch,
  discovery,
  enableNonRepudiationChecks,
  type IDToken,
} from 'openid-client';
import { AccountsConfig } from '../../config/accounts.config';
import { SingleSignOnConfig } from '../../config/single-sign-on.config';
import { DomainError } from '../../errors/domain.error';
import { tracedCall } from '../../tracing/tracing';

const TIMEOUT_SECONDS = 2;
const CALLBACK = '/auth/sso/callback';

/** What one login at the provider is bound to. */
export interface SsoSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The one OpenID provider that is configured. Keys and addresses come from its own metadata only. */
@Injectable()
export class SsoProvider {
  private readonly logger = new Logger('SsoProvider');
  private known: Promise<Configuration> | undefined;

  constructor(
    private readonly config: SingleSignOnConfig,
    private readonly accounts: AccountsConfig,
  ) {}

  async loginUrl({ state, nonce, codeVerifier }: SsoSecrets): Promise<URL> {
    return buildAuthorizationUrl(await this.metadata(), {
      redirect_uri: `${this.accounts.publicUrl}${CALLBACK}`,
      scope: 'openid profile email groups',
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
  }

  /**
   * Trades the code for an ID token and verifies it: signature, issuer, audience, times, nonce.
   * @param query of the callback
   * @returns undefined for whatever the provider or the checks refuse
   */
  async claims(query: string, secrets: SsoSecrets): Promise<IDToken | undefined> {
    const metadata = await this.metadata();
    const callback = new URL(`${this.accounts.publicUrl}${CALLBACK}${query}`);
    try {
      const tokens = await authorizationCodeGrant(metadata, callback, {
        pkceCodeVerifier: secrets.codeVerifier,
        expectedNonce: secrets.nonce,
        expectedState: secrets.state,
        idTokenExpected: true,
      });
      return tokens.claims();
    } catch (error) {
      if (isOutage(error)) throw this.unavailable(error);
      this.logger.warn({ event: 'sso.refused', cause: (error as Error).name });
      return undefined;
    }
  }

  private metadata(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.config;
    if (issuer === undefined) throw new DomainError('SSO_OFF');
    this.known ??= discovery(new URL(issuer), clientId, clientSecret, undefined, {
      timeout: TIMEOUT_SECONDS,
      [customFetch]: tracedFetch,
      execute: [enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [allowInsecureRequests] : [])],
    }).catch((error: unknown) => {
      this.known = undefined;
      throw this.unavailable(error);
    });
    return this.known;
  }

  private unavailable(cause: unknown): DomainError {
    this.logger.error({ event: 'sso.unavailable', cause: (cause as Error).name });
    return new DomainError('SSO_UNAVAILABLE', undefined, { cause, retryAfterSeconds: 5 });
  }
}

const tracedFetch: CustomFetch = (url, { headers, ...options }) =>
  tracedCall('identity provider', (trace) => fetch(url, { ...options, headers: { ...headers, ...trace } }));

/** The provider could not be reached, was too slow, or fell over: no word of the caller's. */
function isOutage(error: unknown): boolean {
  const { name, code, cause } = error as { name: string; code?: string; cause?: { status?: number } };
  return (
    name === 'TypeError' ||
    code === 'OAUTH_TIMEOUT' ||
    (error instanceof ClientError && (cause?.status ?? 0) >= 500)
  );
}
