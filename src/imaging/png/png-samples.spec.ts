import { DomainError } from '../../errors/domain.error';
import { decodePng } from './png';

/** 64 x 64, grey 8 bit, (3x + 2y) mod 256; the filter of row y is y mod 5, so that all five are met. Checked with Pillow. */
const FIVE_FILTERS = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAABzUlEQVR42mNgYGbj5OEXEpWQllNUUdfSNTA2s7Sxd3L18PYLDAmP',
    'ik1ITsvMyS8qraiua2xp7+qdMHnazDnzFy1dsXrdxi3bd+1lZGKmDDBRCphZKHQBC6UuYODiFRAWk5SRV1LV0NYzNDG3snVwdvP0',
    '8Q8KjYiOS0xJz8otKC6rrKlvau3o7ps4ZfqsuQsWL1u5Zv2mrTt27zt45Dgjz4AHIueAB6KIuJSsgrKapo6+kamFtZ2ji7uXb0Bw',
    'WGRMfFJqRnZeYUl5VW1Dc1tnT/+kqTNmz1u4ZPmqtRs2b9u5Z/+hoydOn7vIKDbggcg34IFIXiY+cPjYyTPnL129cZtRYcADUXjA',
    'A5G8THzq7IXL127euf/oKaPWgAeixIAHInmZ+Mr1W3cfPH728s17RpMBD0TZAQ9E8jLxvYdPnr96++Hzt5+MdgMeiEoDHojkZeIX',
    'r999/PL9118GZkaPAQ9E9QEPRPIy8aevP37/Y2Rh5+JlDBrwQNQZsECEOp6BvEz85z8TKwc3n6CIOGPMgAeiIVn2NlMaiAiXM5CX',
    'iRG9HMa0AQ9EswHPzuRlYkQvh7FgwAPRms6BiOFkBvIyMaKXw1g14IHoQFYmRgAAhJPgQ7dTskMAAAAASUVORK5CYII=',
  ].join(''),
  'base64',
);

/** 64 x 64, grey 16 bit, Adam7, 65000 where x <= 2y, else 1000. Written by pypng, checked with Pillow. */
const ADAM7 = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAAEAAAABAEAAAAAGolcLXAAABB0lEQVR42u2YUQrEIAxEhbn/Pb2EUJb96K61Gs2oLQz5C2F4jXWi',
    'hhTxFyHFT1wSZ/In8U1miTSUQIkDJQ6UOMDiyD8f5f7kMLcF18Kbgko/m9QTChDrEeptKqxXtVGwdNLUalhabVoLPGUtnlOA4Wju',
    'm06BfqHmvnMKtIWMAt3eYhcaFOjwJvefJoFXCCD6IvjsxDBfurYzGI5EsTQwLI3iiWB4IsVUwTBViiuD4coUWwfD1ilzAZoLEpCA',
    'BJj3Bcr5wjffqQDrQdz3nckA80Hc963FAHwQ931vM4AfhARAf7dYBzIJgP5uMg9kEQD93YYHsgmA+G60/UQjAAEIQAACEIAAvHEA',
    '+Jpph1c1/40AAAAASUVORK5CYII=',
  ].join(''),
  'base64',
);

const SIGNATURE_BYTES = 8;

describe('decodePng on files of other encoders [R-02]', () => {
  it('undoes every filter', () => {
    const { width, height, channels, data } = decodePng(FIVE_FILTERS).image;
    expect([width, height, channels]).toEqual([64, 64, 1]);
    expect(data).toEqual(
      Float32Array.from({ length: 4096 }, (_, i) => ((3 * (i % 64) + 2 * (i >> 6)) % 256) / 255),
    );
  });

  it('undoes interlacing, with all 16 bits', () => {
    const expected = Float32Array.from(
      { length: 4096 },
      (_, i) => (i % 64 <= 2 * (i >> 6) ? 65_000 : 1000) / 65_535,
    );
    expect(decodePng(ADAM7).image.data).toEqual(expected);
  });
});

describe('decodePng on damaged files', () => {
  it('refuses every prefix', () => {
    for (let length = SIGNATURE_BYTES; length < FIVE_FILTERS.length; length++) {
      expect(() => decodePng(FIVE_FILTERS.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'IMAGE_CORRUPT' }) as Error,
      );
    }
  });

  it('refuses every one of 60 flipped bits', () => {
    for (let flip = 0; flip < 60; flip++) {
      const damaged = Buffer.from(FIVE_FILTERS);
      const bit = SIGNATURE_BYTES * 8 + ((flip * 7919) % ((damaged.length - SIGNATURE_BYTES) * 8));
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodePng(damaged)).toThrow(DomainError);
    }
  });
});
