import { BitReader } from './bit-reader';
import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan, ScanComponent } from './jpeg-segments';

export interface BlockDecoder {
  /** Decodes the block of a component at a row and a column, counted in blocks. */
  block(bits: BitReader, component: ScanComponent, row: number, column: number): void;
  /** Before each interval. */
  restart(): void;
  /** After each interval. @throws DomainError IMAGE_CORRUPT for what goes on past it */
  assertEnd(): void;
}

interface BlockOfUnit {
  readonly component: ScanComponent;
  /** Blocks of the component in a unit, across and down. */
  readonly h: number;
  readonly v: number;
  /** Which of them it is. */
  readonly x: number;
  readonly y: number;
}

/**
 * All blocks of a scan in their order (T.81 A.2): block by block where it has one component, else MCU by MCU.
 * @throws DomainError IMAGE_CORRUPT when an interval holds more or less than its blocks, or is missing
 */
export function decodeBlocks(
  frame: JpegFrame,
  { components, intervals, restartInterval }: JpegScan,
  decoder: BlockDecoder,
): void {
  const [only] = components;
  const alone = components.length === 1 && only !== undefined;
  const across = alone ? only.blocksWide : frame.mcusWide;
  const units = across * (alone ? only.blocksHigh : frame.mcusHigh);
  const blocks = alone ? [{ component: only, h: 1, v: 1, x: 0, y: 0 }] : components.flatMap(blocksOfUnit);
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
      for (const { component, h, v, x, y } of blocks) {
        decoder.block(bits, component, row * v + y, column * h + x);
      }
      bits.assertInside();
    }
    decoder.assertEnd();
    bits.assertEnd();
  }
}

/** Blocks of a component within an MCU, in their order. */
function blocksOfUnit(component: ScanComponent): readonly BlockOfUnit[] {
  const { h, v } = component;
  return Array.from({ length: h * v }, (_, i) => ({ component, h, v, x: i % h, y: Math.floor(i / h) }));
}
