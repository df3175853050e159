import { readFile } from 'node:fs/promises';
import { corruptDicom } from '../dicom-errors';

/** As far as it is used here; the types of Node 20 lack it. */
declare const WebAssembly: {
  compile(program: Uint8Array): Promise<Program>;
  readonly Instance: new (program: Program, imports: object) => Running;
};
type Program = object;
interface Running {
  readonly exports: object;
}

/** What the decoders have in common that embind makes of charls-js, openjpegjs and openjphjs. */
interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): WasmFrameInfo;
  /** Of JPEG-LS; 0: one component after the other. */
  getInterleaveMode?(): number;
}

interface WasmFrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

interface Decoders {
  readonly JpegLSDecoder: new () => WasmDecoder;
  readonly J2KDecoder: new () => WasmDecoder;
  readonly HTJ2KDecoder: new () => WasmDecoder;
}

type Instantiate = (options: {
  instantiateWasm: (imports: object, receive: (instance: Running) => void) => object;
  print: (text: string) => void;
  printErr: (text: string) => void;
}) => Promise<Decoders>;

interface Codec {
  readonly decoder: keyof Decoders;
  readonly file: string;
  readonly load: () => Promise<{ default: unknown }>;
}

const CODECS = {
  'jpeg-ls': {
    decoder: 'JpegLSDecoder',
    file: '@cornerstonejs/codec-charls/decodewasm',
    // @ts-expect-error -- the package has no types
    load: () => import('@cornerstonejs/codec-charls/decodewasmjs'),
  },
  'jpeg-2000': {
    decoder: 'J2KDecoder',
    file: '@cornerstonejs/codec-openjpeg/decodewasm',
    // @ts-expect-error -- the package has no types
    load: () => import('@cornerstonejs/codec-openjpeg/decodewasmjs'),
  },
  htj2k: {
    decoder: 'HTJ2KDecoder',
    file: '@cornerstonejs/codec-openjph/wasm',
    // @ts-expect-error -- the package has no types
    load: () => import('@cornerstonejs/codec-openjph/wasmjs'),
  },
} as const satisfies Record<string, Codec>;

export interface WasmDecoded {
  readonly frame: WasmFrameInfo;
  /** 8- or 16-bit little-endian samples. */
  readonly bytes: Uint8Array;
  readonly planar: boolean;
}

const loading = new Map<keyof typeof CODECS, Promise<{ instantiate: Instantiate; program: Program }>>();

/**
 * Decodes one frame in an instance of its own: the memory of a decoder that met hostile bytes is never used again.
 * @throws DomainError IMAGE_CORRUPT when the decoder fails or complains
 */
export async function decodeWithWasm(codec: keyof typeof CODECS, encoded: Uint8Array): Promise<WasmDecoded> {
  const { instantiate, program } = await load(codec);
  let complaints = 0;
  const complain = (): void => {
    complaints += 1;
  };
  const instance = await instantiate({
    print: () => undefined,
    printErr: complain,
    instantiateWasm(imports, receive) {
      const wasm = new WebAssembly.Instance(program, imports);
      receive(wasm);
      return wasm.exports;
    },
  });
  const name = CODECS[codec].decoder;
  try {
    const decoder: WasmDecoder = new instance[name]();
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    const bytes = new Uint8Array(decoder.getDecodedBuffer());
    const planar = decoder.getInterleaveMode?.() === 0;
    if (complaints === 0) return { frame: decoder.getFrameInfo(), bytes, planar };
  } catch {
    // what the decoder throws is the address of a C++ exception, or a trap of the machine
  }
  throw corruptDicom('its decoder refuses the compressed pixels');
}

/** The program is compiled once a process. Nothing but its own file is read. */
function load(codec: keyof typeof CODECS): Promise<{ instantiate: Instantiate; program: Program }> {
  let loaded = loading.get(codec);
  if (loaded === undefined) {
    loaded = compile(CODECS[codec]);
    loading.set(codec, loaded);
  }
  return loaded;
}

async function compile({ file, load }: Codec): Promise<{ instantiate: Instantiate; program: Program }> {
  const [glue, bytes] = await Promise.all([load(), readFile(require.resolve(file))]);
  return { instantiate: glue.default as Instantiate, program: await WebAssembly.compile(bytes) };
}
