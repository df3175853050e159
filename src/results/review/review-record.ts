import type { SignableRecord } from '../../audit/signature/electronic-signature';
import type { InferenceResult } from '../inference-result.entity';
import type { ResultReview } from './result-review.entity';

/**
 * What an approval is signed under: everything the model said, what made it say so, and the review itself. The patient's
 * pseudonym is left out, because a new key changes it; the image's hash stands for the image.
 */
export const reviewRecord = (result: InferenceResult, review: ResultReview): SignableRecord => ({
  type: 'result_review',
  id: review.id,
  content: {
    inference_id: result.id,
    outputs: result.outputs,
    prediction: result.prediction,
    confidence_score: result.confidenceScore,
    model_id: result.modelVersionId,
    model_file_hash: result.modelFileHash,
    manifest_hash: result.manifestHash,
    runtime_version: result.runtimeVersion,
    image_hash: result.imageHash,
    created_by: result.createdBy,
    created_at: result.createdAt.toISOString(),
    review: {
      revision: review.revision,
      decision: review.decision,
      label: review.label,
      comments: review.comments,
      reviewed_by: review.reviewedBy,
      reviewed_at: review.reviewedAt.toISOString(),
    },
  },
});
