import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { ModelSelection } from '../models/model-selection.service';
import { ResultRecorder } from '../results/result-recorder.service';
import { type ResultResponse, toResultResponse } from '../results/result.response';
import { EngineModels } from './engine-models.service';
import type { InferenceInput } from './inference-input';
import { newResult, newValidation } from './new-result';

const DEADLINE_MS = 30_000;

@Injectable()
export class InferenceService {
  constructor(
    private readonly selection: ModelSelection,
    private readonly models: EngineModels,
    private readonly recorder: ResultRecorder,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * One image, one answer. Result, validation and audit entry are stored together before the answer, or not at all.
   * @throws DomainError what `ModelSelection.select` and `InferenceEngine.run` throw; IMAGE_QUALITY_REJECTED
   */
  async infer(
    principal: Principal,
    { fields, source, digestVerified }: InferenceInput,
    signal: AbortSignal,
  ): Promise<ResultResponse> {
    const { version, status } = await this.selection.select(principal, {
      modelId: fields.model_id,
      clinicalDomain: fields.clinical_domain,
    });
    this.trail.describe({ details: { model_id: version.id, model_file_hash: version.fileHash } });

    const answer = await this.models.run(version, {
      source,
      priority: 'normal',
      principalId: principal.userId,
      deadlineMs: DEADLINE_MS,
      signal,
    });
    const result = newResult({ principal, fields, version, modelStatus: status, answer, digestVerified });

    const recorded = this.recorder.identify(result, newValidation(answer.validation));
    const details = { image_hash: result.imageHash, is_valid: answer.validation.is_valid };
    this.trail.describe({ objectType: 'inference_result', objectId: recorded.result.id, details });
    const rows = this.recorder.insertions([recorded]);
    if (answer.outputs === null) {
      await this.trail.closeWith('IMAGE_QUALITY_REJECTED', 422, rows);
      throw qualityRejected(recorded.result.id, answer.validation.error_codes);
    }
    await this.trail.writeWith(rows);
    return toResultResponse(recorded.result, recorded.validation, {
      model_id: version.id,
      model_name: version.modelName,
      version: version.version,
      file_hash: version.fileHash,
    });
  }
}

function qualityRejected(inferenceId: string, codes: readonly string[]): DomainError {
  const errors = codes.map((code) => ({ field: 'image', message: code }));
  return new DomainError('IMAGE_QUALITY_REJECTED', `Stored as ${inferenceId}; the model did not run`, {
    errors,
  });
}
