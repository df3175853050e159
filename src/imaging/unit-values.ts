/** 8-bit samples as unit values. */
const BYTES = Float32Array.from({ length: 256 }, (_, sample) => sample / 255);

/** sample / max, as float32. */
export function unitValues(samples: Uint8Array | Uint16Array, max: number): Float32Array {
  const data = new Float32Array(samples.length);
  if (max === 255) for (let i = 0; i < data.length; i++) data[i] = BYTES[samples[i]!]!;
  else for (let i = 0; i < data.length; i++) data[i] = samples[i]! / max;
  return data;
}
