/** A tensor as the file declares it. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: string;
  /** A string is the name of a dimension that each run decides, `?` when it has none. */
  readonly shape: readonly (number | string)[];
}

/** What a model file says of itself. */
export interface OnnxDescription {
  readonly ir_version: number;
  /** Version by domain; the standard operators are `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string | null;
  readonly nodes: number;
  /** Numbers in the stored tensors. */
  readonly parameters: number;
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** `elem_type` of a tensor (onnx.proto, TensorProto.DataType) by the runtime's name, and its size in bytes. */
export const ELEMENT_TYPES: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  1: ['float32', 4],
  2: ['uint8', 1],
  3: ['int8', 1],
  4: ['uint16', 2],
  5: ['int16', 2],
  6: ['int32', 4],
  7: ['int64', 8],
  9: ['bool', 1],
  10: ['float16', 2],
  11: ['float64', 8],
  12: ['uint32', 4],
  13: ['uint64', 8],
  14: ['complex64', 8],
  15: ['complex128', 16],
  16: ['bfloat16', 2],
};

/** Newest versions that onnxruntime 1.30 serves; `onnx-inspection.spec.ts` compares them with the runtime. */
export const NEWEST_IR_VERSION = 13;
export const NEWEST_OPSETS: Readonly<Record<string, number>> = {
  'ai.onnx': 26,
  'ai.onnx.ml': 5,
  'com.microsoft': 1,
};
