import type { Manifest } from '../../models/manifest';
import type { EngineModel } from '../engine/inference-engine';

interface ModelFile {
  readonly id: string;
  readonly manifest: Manifest;
  /** SHA-256, hex. */
  readonly fileHash: string;
  readonly locate: () => Promise<string>;
}

/** What an engine must know of a version, or of a file that is to become one. */
export function engineModelOf({ id, manifest, fileHash, locate }: ModelFile): EngineModel {
  const { model_name: name, version, input, output, quality, batching } = manifest;
  return {
    id,
    name,
    version,
    fileHash,
    input,
    output,
    quality,
    ...(batching && { batching }),
    locate,
  };
}
