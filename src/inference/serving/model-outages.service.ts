import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import type { AuditAction } from '../../audit/audit-entry';
import type { ErrorCode } from '../../errors/error-codes';
import { toDomainError } from '../../errors/to-domain-error';
import { outsideRequests } from '../../http/request-context';

/** What takes a version out of service on this server, and what is recorded as its problem. */
type Problem = Extract<ErrorCode, 'MODEL_INTEGRITY_FAILED' | 'MODEL_QUARANTINED'>;

/** Puts on record when a version goes out of service on this server, and when it is back. */
@Injectable()
export class ModelOutages {
  private readonly logger = new Logger('EngineModels');
  private readonly open = new Set<string>();

  constructor(
    private readonly trail: AuditTrail,
    private readonly dataSource: DataSource,
  ) {}

  async begin(modelId: string, problem: Problem): Promise<void> {
    this.open.add(`${problem} ${modelId}`);
    this.logger.error({ event: 'model.quarantined', model_id: modelId, code: problem });
    await this.record('model.quarantined', modelId, problem);
  }

  /** Nothing is recorded when it had not begun. */
  async end(modelId: string, problem: Problem): Promise<void> {
    if (!this.open.delete(`${problem} ${modelId}`)) return;
    this.logger.log({ event: 'model.released', model_id: modelId, code: problem });
    await this.record('model.released', modelId, problem);
  }

  private async record(action: AuditAction, objectId: string, problem: Problem): Promise<void> {
    const facts = {
      objectType: 'model_version',
      objectId,
      actorRole: 'system',
      details: { problem },
    } as const;
    const record = (): Promise<void> => this.trail.record(this.dataSource.manager, action, facts);
    // whose request it is in which this comes to light has nothing to do with it
    await outsideRequests(record).catch((error: unknown) => {
      this.logger.error({ event: 'audit.lost', code: toDomainError(error).code });
    });
  }
}
