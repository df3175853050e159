import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { InferenceResult } from '../inference-result.entity';
import type { LegalHoldDto } from './legal-hold.dto';
import { LegalHold } from './legal-hold.entity';
import { type LegalHoldResponse, type LegalHoldsResponse, toLegalHoldResponse } from './legal-hold.response';

/**
 * Keeps results beyond their time. Whoever holds or releases one locks its row first, as the purge does: of the two, one
 * comes first and the other sees it. What a hold does to the result is done by the trigger `legal_holds_follow`.
 */
@Injectable()
export class LegalHolds {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  /** @throws DomainError RESULT_NOT_FOUND */
  async place({ userId }: Principal, id: string, { reason }: LegalHoldDto): Promise<LegalHoldResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    return this.dataSource.transaction(async (manager) => {
      const old = await lock(manager, id);
      const hold: LegalHold = {
        id: uuidv7(),
        inferenceResultId: id,
        reason,
        placedBy: userId,
        placedAt: new Date(),
        releaseReason: null,
        releasedBy: null,
        releasedAt: null,
      };
      await manager.insert(LegalHold, hold);
      await this.record(manager, hold, old);
      return toLegalHoldResponse(hold);
    });
  }

  /** @throws DomainError RESULT_NOT_FOUND, HOLD_NOT_FOUND, HOLD_RELEASED */
  async release(
    { userId }: Principal,
    id: string,
    holdId: string,
    { reason }: LegalHoldDto,
  ): Promise<LegalHoldResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    return this.dataSource.transaction(async (manager) => {
      const old = await lock(manager, id);
      const placed = await manager.findOneBy(LegalHold, { id: holdId, inferenceResultId: id });
      if (placed === null) throw new DomainError('HOLD_NOT_FOUND');
      if (placed.releasedAt !== null) throw new DomainError('HOLD_RELEASED');
      const release = { releaseReason: reason, releasedBy: userId, releasedAt: new Date() };
      await manager.update(LegalHold, holdId, release);
      const hold = { ...placed, ...release };
      await this.record(manager, hold, old);
      return toLegalHoldResponse(hold);
    });
  }

  /** @throws DomainError RESULT_NOT_FOUND */
  async of(id: string): Promise<LegalHoldsResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    const { manager } = this.dataSource;
    const result = await manager.findOne(InferenceResult, { where: { id }, select: { legalHold: true } });
    if (result === null) throw new DomainError('RESULT_NOT_FOUND');
    const holds = await manager.find(LegalHold, {
      where: { inferenceResultId: id },
      order: { placedAt: 'ASC', id: 'ASC' },
    });
    return { legal_hold: result.legalHold, items: holds.map(toLegalHoldResponse) };
  }

  private async record(manager: EntityManager, hold: LegalHold, old: boolean): Promise<void> {
    const { legalHold } = await manager.findOneOrFail(InferenceResult, {
      where: { id: hold.inferenceResultId },
      select: { legalHold: true },
    });
    const changes = { legal_hold: { old, new: legalHold } };
    await this.trail.write(manager, { details: { hold_id: hold.id, changes } });
  }
}

/** @returns whether a hold is in force */
async function lock(manager: EntityManager, id: string): Promise<boolean> {
  const [result] = await manager.query<{ legal_hold: boolean }[]>(
    'SELECT legal_hold FROM inference_results WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  if (result === undefined) throw new DomainError('RESULT_NOT_FOUND');
  return result.legal_hold;
}
