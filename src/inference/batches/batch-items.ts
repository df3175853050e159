import { v7 as uuidv7 } from 'uuid';
import type { DomainError } from '../../errors/domain.error';
import type { BatchItem, BatchRequest } from './request/batch-request';

/** The images of a request with ids of their own; the patient's identifier ends here. */
export function toBatchItems(
  { images, digestVerified }: BatchRequest,
  pseudonymOf: (patientId: string | undefined) => string | null,
): BatchItem[] {
  return images.map((image): BatchItem => {
    const inferenceId = uuidv7();
    if ('refusal' in image) return { ...unreadItem(inferenceId, image.refusal), digestVerified };
    const { model_id, clinical_domain, patient_id, study_date, anatomical_region } = image.fields;
    return {
      inferenceId,
      wish: { modelId: model_id, clinicalDomain: clinical_domain },
      patientId: pseudonymOf(patient_id),
      studyDate: study_date ?? null,
      anatomicalRegion: anatomical_region ?? null,
      digestVerified,
      image: { source: image.source },
    };
  });
}

/** An image of which nothing is known but why it cannot be read. */
export const unreadItem = (inferenceId: string, refusal: DomainError): BatchItem => ({
  inferenceId,
  wish: {},
  patientId: null,
  studyDate: null,
  anatomicalRegion: null,
  digestVerified: false,
  image: { refusal },
});

/**
 * `work` on each of `items`, at most `width` at a time, in their order. After one has failed no other is begun, and the
 * failure is thrown when those under way have ended.
 */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index]!);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: width }, lane));
  const failed = lanes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return results;
}
