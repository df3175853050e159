import type { ModelVersion } from '../models/model-version.entity';
import type { ResultModel } from '../results/result.response';

/** The version that answered, as an answer names it. */
export const modelReference = (version: ModelVersion): ResultModel => ({
  model_id: version.id,
  model_name: version.modelName,
  version: version.version,
  file_hash: version.fileHash,
  intended_use: version.manifest.intended_use ?? null,
});
