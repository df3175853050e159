import { PassThrough } from 'node:stream';
import { type Frame, FrameDecoder, writeFrame } from './frames';

function encoded(header: object, ...payload: Uint8Array[]): Buffer {
  const stream = new PassThrough();
  writeFrame(stream, header, payload);
  return stream.read() as Buffer;
}

function decoded(bytes: Buffer, chunkLength: number): Frame[] {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  for (let i = 0; i < bytes.length; i += chunkLength) {
    frames.push(...decoder.push(bytes.subarray(i, i + chunkLength)));
  }
  return frames;
}

describe('frames', () => {
  const stream = Buffer.concat([
    encoded({ verb: 'first', text: 'naïve ✓' }, Uint8Array.of(1, 2), Uint8Array.of(3)),
    encoded({ verb: 'second' }),
    encoded({ verb: 'third' }, Uint8Array.of(4)),
  ]);

  it.each([1, 2, 7, 8, 9, 64, stream.length])('come back whole from chunks of %i bytes', (chunkLength) => {
    const frames = decoded(stream, chunkLength);
    expect(frames.map(({ header }) => header)).toEqual([
      { verb: 'first', text: 'naïve ✓' },
      { verb: 'second' },
      { verb: 'third' },
    ]);
    expect(frames.map(({ payload }) => [...payload])).toEqual([[1, 2, 3], [], [4]]);
  });

  it('start with two little-endian lengths', () => {
    expect([...encoded({}, Uint8Array.of(9))]).toEqual([2, 0, 0, 0, 1, 0, 0, 0, 0x7b, 0x7d, 9]);
  });

  it('carry a payload that can be viewed as numbers', () => {
    const numbers = Float64Array.of(0.1, -3);
    const [frame] = decoded(encoded({ odd: 'x' }, new Uint8Array(numbers.buffer)), 5);
    expect([...new Float64Array(frame!.payload.buffer)]).toEqual([0.1, -3]);
  });

  it('hand the payload to the stream without a copy', () => {
    const payload = Buffer.from('pixels');
    const written: unknown[] = [];
    const sink = new PassThrough();
    sink.write = (chunk: unknown): boolean => written.push(chunk) > 0;
    writeFrame(sink, {}, [payload]);
    expect(written.at(-1)).toBe(payload);
  });

  it('refuse lengths out of bounds before anything is allocated', () => {
    const payloadTooLong = Buffer.from([2, 0, 0, 0, 11, 0, 0, 0]);
    const headerTooLong = Buffer.from([11, 0, 0, 0, 2, 0, 0, 0]);
    for (const start of [payloadTooLong, headerTooLong]) {
      const decoder = new FrameDecoder({ header: 10, payload: 10 });
      expect(() => decoder.push(start)).toThrow('longer than it may be');
    }
    const absurd = Buffer.from([0, 0, 0, 0xff, 0, 0, 0, 0]);
    expect(() => new FrameDecoder().push(absurd)).toThrow('longer than it may be');
  });
});
