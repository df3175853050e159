import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Insertion, insertionOf } from '../database/insert-together';
import { InferenceResult } from './inference-result.entity';
import { Pseudonyms } from './pseudonyms';
import { ValidationResult } from './validation-result.entity';

export type NewValidation = Omit<ValidationResult, 'id' | 'inferenceResultId'>;
export type NewResult = Omit<
  InferenceResult,
  'id' | 'batchId' | 'isValid' | 'expiresAt' | 'reviewedBy' | 'reviewedAt' | 'reviewComments'
>;

export interface RecordedResult {
  readonly result: InferenceResult;
  readonly validation: ValidationResult;
}

/** Makes the rows of results. Who stores them stores the audit entry with them. */
@Injectable()
export class ResultRecorder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  /** @param newResult its `patientId` is the identifier as it was sent; only its pseudonym is stored */
  identify(newResult: NewResult, newValidation: NewValidation): RecordedResult {
    const id = uuidv7();
    const patientId = newResult.patientId === null ? null : this.pseudonyms.of(newResult.patientId);
    const result = { ...newResult, ...UNREVIEWED, id, patientId, isValid: newValidation.isValid };
    const validation = { ...newValidation, id: uuidv7(), inferenceResultId: id };
    return { result, validation };
  }

  insertions(recorded: readonly RecordedResult[]): Insertion[] {
    const results = recorded.map(({ result }) => result);
    const validations = recorded.map(({ validation }) => validation);
    return [
      insertionOf(this.dataSource, InferenceResult, results),
      insertionOf(this.dataSource, ValidationResult, validations),
    ];
  }
}

const UNREVIEWED = {
  batchId: null,
  expiresAt: null,
  reviewedBy: null,
  reviewedAt: null,
  reviewComments: null,
};
