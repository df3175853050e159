import { BitReader } from './bit-reader';
import type { Coefficients } from './dct-blocks';
import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan, ScanComponent } from './jpeg-segments';

/** Decodes one block of a component into `data` at `offset`. */
export interface BlockDecoder {
  block(bits: BitReader, component: ScanComponent, data: Int16Array, offset: number): void;
  /** Before each interval. */
  restart(): void;
  /** After each interval. @throws DomainError IMAGE_CORRUPT for what goes on past it */
  assertEnd(): void;
}

/**
 * All blocks of a scan in their order (T.81 A.2): block by block where it has one component, else MCU by MCU.
 * @throws DomainError IMAGE_CORRUPT when an interval holds more or less than its blocks, or is missing
 */
export function decodeBlocks(
  frame: JpegFrame,
  { components, intervals, restartInterval }: JpegScan,
  coefficients: readonly Coefficients[],
  decoder: BlockDecoder,
): void {
  const [only] = components;
  const alone = components.length === 1 && only !== undefined;
  const across = alone ? only.blocksWide : frame.mcusWide;
  const units = across * (alone ? only.blocksHigh : frame.mcusHigh);
  const unitsAnInterval = restartInterval === 0 ? units : restartInterval;
  if (intervals.length !== Math.ceil(units / unitsAnInterval))
    throw corruptJpeg('a restart marker is missing');
  for (const [i, interval] of intervals.entries()) {
    const bits = new BitReader(interval);
    decoder.restart();
    const end = Math.min((i + 1) * unitsAnInterval, units);
    for (let unit = i * unitsAnInterval; unit < end; unit++) {
      const column = unit % across;
      const row = (unit - column) / across;
      for (const component of components) {
        const { data, blocksWide } = coefficients[component.index]!;
        const h = alone ? 1 : component.h;
        const v = alone ? 1 : component.v;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) {
            decoder.block(bits, component, data, ((row * v + y) * blocksWide + column * h + x) * 64);
          }
        }
      }
      bits.assertInside();
    }
    decoder.assertEnd();
    bits.assertEnd();
  }
}
