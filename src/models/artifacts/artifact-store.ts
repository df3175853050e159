/** A complete file that is not in the store yet. */
export interface StagedFile {
  readonly path: string;
  /** SHA-256, hex: the address it will have. */
  readonly hash: string;
  readonly sizeBytes: number;
}

/** Keeps model files, each under the SHA-256 of its content. Nothing is ever changed or removed. */
export abstract class ArtifactStore {
  /**
   * Takes the file over: it is durable when the promise resolves, and gone from its path. Storing again what is there
   * already mends a damaged copy.
   * @throws DomainError MODEL_STORE_UNAVAILABLE
   */
  abstract put(file: StagedFile): Promise<void>;

  /**
   * A path where the file can be read. Whoever runs it checks the hash of the bytes he reads.
   * @throws DomainError MODEL_INTEGRITY_FAILED when it is gone or another; MODEL_STORE_UNAVAILABLE
   */
  abstract locate(hash: string): Promise<string>;

  /**
   * Whether what is stored under the hash still has it: reads all of it.
   * @throws DomainError MODEL_STORE_UNAVAILABLE
   */
  abstract verify(hash: string): Promise<boolean>;
}
