import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity';
import { v7 as uuidv7 } from 'uuid';
import { InferenceResult } from './inference-result.entity';
import { Pseudonyms } from './pseudonyms';
import { ValidationResult } from './validation-result.entity';

export type NewValidation = Omit<ValidationResult, 'id' | 'inferenceResultId'>;
export type NewResult = Omit<
  InferenceResult,
  'id' | 'batchId' | 'expiresAt' | 'reviewedBy' | 'reviewedAt' | 'reviewComments'
>;

export interface RecordedResult {
  readonly result: InferenceResult;
  readonly validation: ValidationResult;
}

/** Writes results inside the caller's transaction. */
@Injectable()
export class ResultRecorder {
  constructor(private readonly pseudonyms: Pseudonyms) {}

  /** @param newResult its `patientId` is the identifier as it was sent; only its pseudonym is stored */
  async record(
    manager: EntityManager,
    newResult: NewResult,
    newValidation: NewValidation,
  ): Promise<RecordedResult> {
    const id = uuidv7();
    const patientId = newResult.patientId === null ? null : this.pseudonyms.of(newResult.patientId);
    const result = { ...newResult, ...UNREVIEWED, id, patientId };
    const validation = { ...newValidation, id: uuidv7(), inferenceResultId: id };
    await insert(manager, InferenceResult, result);
    await insert(manager, ValidationResult, validation);
    return { result, validation };
  }
}

const UNREVIEWED = {
  batchId: null,
  expiresAt: null,
  reviewedBy: null,
  reviewedAt: null,
  reviewComments: null,
};

/** A plain INSERT: what was written is known, so nothing is read back. */
async function insert<T extends object>(manager: EntityManager, entity: new () => T, row: T): Promise<void> {
  const values = row as QueryDeepPartialEntity<T>;
  await manager.createQueryBuilder().insert().into(entity).values(values).updateEntity(false).execute();
}
