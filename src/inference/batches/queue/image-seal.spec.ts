import { DomainError } from '../../../errors/domain.error';
import type { BatchItem } from '../request/batch-request';
import { openItem, sealItem } from './image-seal';

const KEY = Buffer.alloc(32, 7);
const PLACE = { batchId: '01900000-0000-7000-8000-000000000001', position: 3 };
const ITEM: BatchItem = {
  inferenceId: '01900000-0000-7000-8000-000000000002',
  wish: { modelId: '01900000-0000-7000-8000-000000000003' },
  patientId: 'aaaaaaaa:bbbb',
  studyDate: '2026-11-01',
  anatomicalRegion: 'chest',
  digestVerified: true,
  image: {
    source: { form: 'float32', bytes: Buffer.from('the pixels of the image'), width: 64, height: 64 },
  },
};

describe('sealed images', () => {
  it('open to what they were', () => {
    expect(openItem([KEY], PLACE, sealItem(KEY, PLACE, ITEM))).toEqual(ITEM);
  });

  it('open with the key they were sealed with, whichever of the known ones it is', () => {
    const keys = [Buffer.alloc(32, 9), Buffer.alloc(32, 8), KEY];
    expect(openItem(keys, PLACE, sealItem(KEY, PLACE, ITEM))).toEqual(ITEM);
    expect(() => openItem(keys.slice(0, 2), PLACE, sealItem(KEY, PLACE, ITEM))).toThrow('BATCH_KEY_MISSING');
  });

  it('keep a refusal as well', () => {
    const errors = [{ field: 'width', message: 'must be an integer' }];
    const refusal = new DomainError('VALIDATION_FAILED', 'The fields are wrong', { errors });
    const opened = openItem([KEY], PLACE, sealItem(KEY, PLACE, { ...ITEM, image: { refusal } }));
    expect(opened.image).toMatchObject({
      refusal: { code: 'VALIDATION_FAILED', detail: 'The fields are wrong', errors },
    });
  });

  it('show nothing of the image or its fields, and are never twice the same', () => {
    const [first, second] = [sealItem(KEY, PLACE, ITEM), sealItem(KEY, PLACE, ITEM)];
    expect(first.equals(second)).toBe(false);
    for (const text of ['pixels', 'chest', 'bbbb', ITEM.inferenceId])
      expect(first.includes(text)).toBe(false);
  });

  it.each<[string, () => BatchItem]>([
    ['in another place', () => openItem([KEY], { ...PLACE, position: 4 }, sealItem(KEY, PLACE, ITEM))],
    [
      'in another batch',
      () => openItem([KEY], { ...PLACE, batchId: ITEM.inferenceId }, sealItem(KEY, PLACE, ITEM)),
    ],
    ['when it was cut short', () => openItem([KEY], PLACE, sealItem(KEY, PLACE, ITEM).subarray(0, -1))],
    ['when it is nothing', () => openItem([KEY], PLACE, Buffer.alloc(0))],
    [
      'when a bit was turned',
      () => {
        const sealed = sealItem(KEY, PLACE, ITEM);
        sealed[40]! ^= 1;
        return openItem([KEY], PLACE, sealed);
      },
    ],
  ])('do not open %s', (_when, open) => {
    expect(open).toThrow('BATCH_ITEM_UNREADABLE');
  });
});
