import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.service';
import { EngineConfig } from '../config/engine.config';
import type { Principal } from '../http/principal';
import { ModelSelection } from '../models/model-selection.service';
import { ResultRecorder } from '../results/result-recorder.service';
import { type ResultResponse, toResultResponse } from '../results/result.response';
import { EngineModels } from './serving/engine-models.service';
import type { InferenceInput } from './inference-input';
import { modelReference } from './model-reference';
import { newResult, newValidation, rejectedResult } from './new-result';
import { persisted } from './persistence';

@Injectable()
export class InferenceService {
  constructor(
    private readonly selection: ModelSelection,
    private readonly models: EngineModels,
    private readonly recorder: ResultRecorder,
    private readonly trail: AuditTrail,
    private readonly config: EngineConfig,
  ) {}

  /**
   * One image, one answer. Result, validation and audit entry are stored together before the answer, or not at all.
   * @param id of the result to be
   * @throws DomainError what `ModelSelection.select` and `InferenceEngine.run` throw; IMAGE_QUALITY_REJECTED
   */
  async infer(
    principal: Principal,
    { fields, source, digestVerified }: InferenceInput,
    { id, signal }: { readonly id: string; readonly signal: AbortSignal },
  ): Promise<ResultResponse> {
    const { version, status } = await this.selection.select(principal, {
      modelId: fields.model_id,
      clinicalDomain: fields.clinical_domain,
    });
    this.trail.describe({
      objectType: 'inference_result',
      objectId: id,
      details: { model_id: version.id, model_file_hash: version.fileHash },
    });

    const answer = await this.models.run(version, {
      source,
      priority: 'normal',
      principalId: principal.userId,
      deadlineMs: this.config.deadlineMs,
      signal,
    });
    const origin = {
      id,
      batchId: null,
      createdBy: principal.userId,
      patientId: this.recorder.pseudonymOf(fields.patient_id),
      studyDate: fields.study_date ?? null,
      anatomicalRegion: fields.anatomical_region ?? null,
    };
    const result = newResult({ origin, version, modelStatus: status, answer, digestVerified });

    const recorded = this.recorder.complete(result, newValidation(answer.validation), version.clinicalDomain);
    const details = { image_hash: answer.image.hash, is_valid: answer.validation.is_valid };
    this.trail.describe({ details });
    const rows = this.recorder.insertions([recorded]);
    if (answer.outputs === null) {
      await persisted(version, () => this.trail.closeWith('IMAGE_QUALITY_REJECTED', 422, rows));
      throw rejectedResult(id, answer.validation.error_codes);
    }
    await persisted(version, () => this.trail.writeWith(rows));
    return toResultResponse(recorded.result, recorded.validation, modelReference(version));
  }
}
