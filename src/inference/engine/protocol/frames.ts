import type { Writable } from 'node:stream';

/**
 * What two processes say to each other over a byte stream. A frame is: header length and payload length (u32,
 * little-endian), the header (JSON), the payload (raw bytes).
 */
export interface Frame {
  readonly header: unknown;
  /** Memory of its own that starts on an 8-byte boundary, so it can be viewed as numbers. */
  readonly payload: Buffer<ArrayBuffer>;
}

const PREFIX_BYTES = 8;

/** Of a frame, in bytes. */
interface FrameBounds {
  readonly header: number;
  readonly payload: number;
}

/** For who trusts the other: what a buffer of Node can hold. */
const ANY: FrameBounds = { header: 0x7fff_ffff, payload: 0x7fff_ffff };

/** The payload is written as it is, not copied: leave it alone until it has been sent. */
export function writeFrame(stream: Writable, header: object, payload: readonly Uint8Array[] = []): void {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(json.length, 0);
  prefix.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.byteLength, 0),
    4,
  );
  stream.cork();
  for (const part of [prefix, json, ...payload]) stream.write(part);
  stream.uncork();
}

/** Puts frames together from chunks of any size. */
export class FrameDecoder {
  private readonly prefix = Buffer.alloc(PREFIX_BYTES);
  private header = Buffer.alloc(0);
  private payload: Buffer<ArrayBuffer> = Buffer.alloc(0);
  private part: Buffer = this.prefix;
  private filled = 0;

  constructor(private readonly bounds = ANY) {}

  /**
   * The frames that `chunk` completes.
   * @throws Error when a length is out of bounds or a header is not JSON; the stream is of no use from there on
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (let offset = 0; offset < chunk.length;) {
      const taken = chunk.subarray(offset, offset + this.part.length - this.filled);
      this.part.set(taken, this.filled);
      this.filled += taken.length;
      offset += taken.length;
      while (this.filled === this.part.length) this.next(frames);
    }
    return frames;
  }

  private next(frames: Frame[]): void {
    this.filled = 0;
    if (this.part === this.prefix) {
      const headerBytes = this.prefix.readUInt32LE(0);
      const payloadBytes = this.prefix.readUInt32LE(4);
      if (headerBytes > this.bounds.header || payloadBytes > this.bounds.payload) {
        throw new Error('A frame is longer than it may be');
      }
      this.header = Buffer.alloc(headerBytes);
      this.payload = Buffer.allocUnsafeSlow(payloadBytes);
      this.part = this.header;
    } else if (this.part === this.header) {
      this.part = this.payload;
    } else {
      frames.push({ header: JSON.parse(this.header.toString()), payload: this.payload });
      this.part = this.prefix;
    }
  }
}
