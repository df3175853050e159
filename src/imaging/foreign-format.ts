// oxlint-disable no-control-regex -- first bytes of files are what is looked for
/** Files that people send by mistake, by their first bytes. SVG is a text: it may begin with a declaration. */
const FOREIGN: readonly (readonly [name: string, start: RegExp])[] = [
  ['GIF', /^GIF8[79]a/],
  ['TIFF', /^(II[*+]\0|MM\0[*+])/],
  ['BMP', /^BM.{4}\0{4}/s],
  ['WebP', /^RIFF.{4}WEBP/s],
  ['HEIF', /^.{4}ftyp(heic|heix|mif1|avif)/s],
  ['JPEG 2000', /^(\0{3}\x0cjP {2}|\xff\x4f\xff\x51)/],
  ['JPEG XL', /^(\xff\x0a|\0{3}\x0cJXL )/],
  ['NIfTI', /^(\x5c\x01\0\0|\0\0\x01\x5c|\x1c\x02\0\0n\+2)/],
  ['ZIP', /^PK\x03\x04/],
  ['GZIP', /^\x1f\x8b/],
  ['PDF', /^%PDF-/],
  ['SVG', /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/s],
];
const ENOUGH_BYTES = 1024;

/** What a file that is not read here seems to be; undefined where that cannot be told. */
export function foreignFormat(file: Uint8Array): string | undefined {
  const start = Buffer.from(file.subarray(0, ENOUGH_BYTES)).toString('latin1');
  return FOREIGN.find(([, pattern]) => pattern.test(start))?.[0];
}
