/** Files that people send by mistake, by their first bytes in hexadecimal. */
const FOREIGN: readonly (readonly [name: string, start: RegExp])[] = [
  ['GIF', /^47494638(37|39)61/],
  ['TIFF', /^(49492[ab]00|4d4d002[ab])/],
  ['BMP', /^424d.{8}00000000/],
  ['WebP', /^52494646.{8}57454250/],
  ['HEIF', /^.{8}66747970(68656963|68656978|6d696631|61766966)/],
  ['JPEG 2000', /^(0000000c6a502020|ff4fff51)/],
  ['JPEG XL', /^(ff0a|0000000c4a584c20)/],
  ['NIfTI', /^(5c010000|0000015c|1c0200006e2b32)/],
  ['ZIP', /^504b0304/],
  ['GZIP', /^1f8b/],
  ['PDF', /^255044462d/],
];

/** A text: it may begin with a byte order mark, a declaration and comments. */
const SVG = /^(ï»¿)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/s;
const ENOUGH_BYTES = 1024;

/** What a file that is not read here seems to be; undefined where that cannot be told. */
export function foreignFormat(file: Uint8Array): string | undefined {
  const start = Buffer.from(file.subarray(0, ENOUGH_BYTES));
  if (SVG.test(start.toString('latin1'))) return 'SVG';
  const hexadecimal = start.toString('hex');
  return FOREIGN.find(([, pattern]) => pattern.test(hexadecimal))?.[0];
}
