import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { RetentionConfig } from '../config/retention.config';
import { type Insertion, insertionOf } from '../database/insert-together';
import { InferenceResult } from './inference-result.entity';
import { Pseudonyms } from './pseudonyms';
import { ValidationResult } from './validation-result.entity';

export type NewValidation = Omit<ValidationResult, 'id' | 'inferenceResultId'>;
export type NewResult = Omit<InferenceResult, keyof typeof UNTOUCHED | 'isValid' | 'expiresAt'>;

export interface RecordedResult {
  readonly result: InferenceResult;
  /** null: the image could not be read. */
  readonly validation: ValidationResult | null;
}

/** Makes the rows of results. Who stores them stores the audit entries with them. */
@Injectable()
export class ResultRecorder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
    private readonly retention: RetentionConfig,
  ) {}

  /** What is stored in place of the patient's identifier. */
  pseudonymOf(patientId: string | undefined): string | null {
    return patientId === undefined ? null : this.pseudonyms.of(patientId);
  }

  /** @param clinicalDomain of the model, which decides how long the result is kept; undefined: no model was chosen */
  complete(
    newResult: NewResult,
    newValidation: NewValidation | null,
    clinicalDomain: string | undefined,
  ): RecordedResult {
    const expiresAt = this.retention.expiryOf(newResult.createdAt, clinicalDomain);
    const isValid = newValidation?.isValid ?? null;
    const inferenceResultId = newResult.id;
    const result = { expiresAt, isValid, ...newResult, ...UNTOUCHED };
    const validation = newValidation && { id: uuidv7(), inferenceResultId, ...newValidation };
    return { result, validation };
  }

  /** All rows of any number of results. */
  insertions(recorded: readonly RecordedResult[]): Insertion[] {
    const results = recorded.map(({ result }) => result);
    const validations = recorded.flatMap(({ validation }) => validation ?? []);
    return [
      insertionOf(this.dataSource, InferenceResult, results),
      insertionOf(this.dataSource, ValidationResult, validations),
    ].filter(({ rows }) => rows.length > 0);
  }
}

const UNTOUCHED = {
  legalHold: false,
  markedAt: null,
  purgeAfter: null,
  reviewRevision: 0,
  reviewedBy: null,
  reviewedAt: null,
  reviewComments: null,
};
