import { ELEMENT_TYPES } from './onnx-description';
import { type Field, MalformedFile, type ProtobufReader } from './protobuf-reader';

const MAX_TENSORS = 100_000;
const MAX_ELEMENTS = 2 ** 31;
const MAX_DIMENSIONS = 64;
const MAX_NAME_BYTES = 1_024;
const EXTERNAL = 1;

/** The stored tensors of an ONNX file (TensorProto): dimensions and lengths, never the numbers. */
export class OnnxTensorWalk {
  /** In all tensors together. */
  elements = 0;
  private tensors = 0;

  constructor(private readonly reader: ProtobufReader) {}

  /** @returns its name */
  tensor({ end }: Field): string {
    this.tensors += 1;
    if (this.tensors > MAX_TENSORS) throw new MalformedFile(`has more than ${MAX_TENSORS} tensors`);
    const { reader } = this;
    const dims: number[] = [];
    let name = '';
    let type = 0;
    let rawBytes: number | undefined;
    reader.message(end, {
      1: (field) => dims.push(...reader.integers(field)),
      2: ({ value }) => (type = value),
      8: (field) => (name = reader.text(field, MAX_NAME_BYTES)),
      9: (field) => (rawBytes = lengthAt(reader, field)),
      13: () => refuseExternal(),
      14: ({ value }) => value === EXTERNAL && refuseExternal(),
    });
    this.elements += elementsOf(dims);
    const size = ELEMENT_TYPES[type]?.[1];
    if (rawBytes !== undefined && size !== undefined && rawBytes !== elementsOf(dims) * size) {
      throw new MalformedFile('stores a tensor whose data does not fit its dimensions');
    }
    return name;
  }

  /** SparseTensorProto: values and indices are tensors themselves. */
  sparseTensor({ end }: Field): void {
    const tensor = (field: Field): void => void this.tensor(field);
    this.reader.message(end, { 1: tensor, 2: tensor });
  }
}

const lengthAt = (reader: ProtobufReader, { end }: Field): number => end - reader.offset;

function elementsOf(dims: readonly number[]): number {
  let elements = 1;
  for (const dim of dims) elements *= dim;
  const absurd = dims.some((dim) => dim < 0) || !(elements <= MAX_ELEMENTS) || dims.length > MAX_DIMENSIONS;
  if (absurd) throw new MalformedFile('stores a tensor with absurd dimensions');
  return elements;
}

/** The runtime would read the file that the reference names: any file the process may read. */
function refuseExternal(): never {
  throw new MalformedFile('keeps weights outside itself (external data): save the model as one file');
}
