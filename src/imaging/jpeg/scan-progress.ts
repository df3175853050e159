import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan } from './jpeg-segments';

const UNSEEN = -1;

/** How far the coefficients of a frame have come: the lowest bit that was sent for each of 64 of every component. */
export class ScanProgress {
  private readonly lowest: Int8Array[];

  constructor({ components }: JpegFrame) {
    this.lowest = components.map(() => new Int8Array(64).fill(UNSEEN));
  }

  /** @throws DomainError IMAGE_CORRUPT for a scan that does not follow on the ones before it (T.81 G.1.1.1) */
  advance({ components, ss, se, ah, al }: JpegScan): void {
    for (const { index } of components) {
      const lowest = this.lowest[index]!;
      if (ss > 0 && lowest[0] === UNSEEN) throw corruptJpeg('a scan is missing');
      for (let k = ss; k <= se; k++) {
        if (lowest[k] !== (ah === 0 ? UNSEEN : ah)) throw corruptJpeg('a scan is missing or comes twice');
        lowest[k] = al;
      }
    }
  }

  /** @throws DomainError IMAGE_CORRUPT when a scan is missing: a coarser image is not the image */
  assertComplete(): void {
    if (!this.lowest.every((lowest) => lowest.every((bit) => bit === 0)))
      throw corruptJpeg('a scan is missing');
  }
}
