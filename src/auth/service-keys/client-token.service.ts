import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import { logins } from '../auth.metrics';
import { lockAccount } from '../revocation/revocation-store';
import { AccessTokens } from '../tokens/access-tokens';
import { User } from '../users/user.entity';
import { ClientAssertions, type VerifiedAssertion } from './client-assertions.service';
import type { ClientTokenResponse } from './client-token.response';
import { tokenRequestOf } from './token-request';

/** Access tokens for service accounts that sign. There is no refresh token: they sign another assertion. */
@Injectable()
export class ClientTokens {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly tokens: AccessTokens,
    private readonly assertions: ClientAssertions,
  ) {}

  /** @throws DomainError AUTH_INVALID_CREDENTIALS, whatever the reason */
  async issue(body: Buffer): Promise<ClientTokenResponse> {
    const { assertion, clientId } = tokenRequestOf(body);
    const verified = await this.assertions.verify(assertion);
    const own = verified !== undefined && (clientId ?? verified.userId) === verified.userId;
    const answer = own ? await this.issueFor(verified) : undefined;
    logins.inc({ method: 'assertion', outcome: answer === undefined ? 'refused' : 'success' });
    if (answer === undefined) throw new DomainError('AUTH_INVALID_CREDENTIALS');
    return answer;
  }

  private issueFor(assertion: VerifiedAssertion): Promise<ClientTokenResponse | undefined> {
    return this.dataSource.transaction(async (manager) => {
      await lockAccount(manager, assertion.userId);
      if (!(await this.assertions.use(manager, assertion))) return undefined;
      const user = await manager.findOneByOrFail(User, { id: assertion.userId });
      await this.trail.write(manager, {
        objectType: 'user',
        objectId: user.id,
        actorId: user.id,
        actorRole: user.role,
        details: { service_key_id: assertion.keyId, login_method: 'assertion' },
      });
      const access_token = this.tokens.issue(user, uuidv7());
      return { access_token, token_type: 'Bearer', expires_in: this.tokens.lifetimeSeconds };
    });
  }
}
