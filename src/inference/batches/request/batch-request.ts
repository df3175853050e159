import type { DomainError } from '../../../errors/domain.error';
import type { ImageSource } from '../../../imaging/image';
import type { Wish } from '../../../models/model-selection.service';
import type { CreateInferenceDto } from '../../create-inference.dto';
import type { Priority } from '../../engine/inference-engine';

export const MAX_IMAGES = 100;
export const MAX_BATCH_BYTES = 256 * 1024 ** 2;

/** One image of a batch as it was sent, or why it is none. */
export type ImageRequest =
  { readonly fields: CreateInferenceDto; readonly source: ImageSource } | { readonly refusal: DomainError };

export interface BatchRequest {
  /** 1 to 100. */
  readonly images: readonly ImageRequest[];
  readonly priority: Priority;
  /** To be answered later (`Prefer: respond-async`, RFC 7240). */
  readonly later: boolean;
  /** The body was checked against a digest that its sender made. */
  readonly digestVerified: boolean;
}

/** One image of a batch as it is worked on; nothing in it names the patient. */
export interface BatchItem {
  readonly inferenceId: string;
  /** Which model is to answer. */
  readonly wish: Wish;
  /** Pseudonym. */
  readonly patientId: string | null;
  readonly studyDate: string | null;
  readonly anatomicalRegion: string | null;
  readonly digestVerified: boolean;
  readonly image: { readonly source: ImageSource } | { readonly refusal: DomainError };
}
