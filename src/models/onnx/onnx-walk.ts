import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  ELEMENT_TYPES,
  NEWEST_IR_VERSION,
  NEWEST_OPSETS,
  type OnnxDescription,
  type OnnxTensor,
} from './onnx-description';
import { OnnxTensorWalk } from './onnx-tensor-walk';
import { type Field, MalformedFile, ProtobufReader } from './protobuf-reader';

const MAX_NODES = 100_000;
const MAX_NESTED_GRAPHS = 16;
const MAX_DIMENSIONS = 64;
const MAX_NAME_BYTES = 1_024;
const MAX_METADATA_BYTES = 4_096;
const MAX_METADATA_ENTRIES = 100;
/** They run for as long as a number in the model says. */
const LOOPS: ReadonlySet<string> = new Set(['Loop', 'Scan']);

/** How other files begin that people take for models. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['PK\u0003\u0004', 'is a ZIP archive (a PyTorch checkpoint?): export the model as ONNX'],
  ...['\u0002', '\u0003', '\u0004', '\u0005'].map(
    (protocol) => [`\u0080${protocol}`, 'is a Python pickle: export the model as ONNX'] as const,
  ),
  ['\u0089HDF', 'is an HDF5 file (Keras?): convert the model to ONNX'],
];

/**
 * Reads the structure of an ONNX file (github.com/onnx/onnx, onnx.proto): all of it but the weights. Field numbers are
 * those of onnx.proto.
 * @throws MalformedFile saying why the file must not reach a runtime
 */
export function walkOnnxFile(path: string, allowLoops: boolean): OnnxDescription {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(16);
    readSync(descriptor, head, 0, 16, 0);
    if (size === 0) throw new MalformedFile('is empty');
    const start = head.toString('latin1');
    const other = SIGNATURES.find(([signature]) => start.startsWith(signature));
    if (other !== undefined) throw new MalformedFile(other[1]);
    if (/^[\t\n\r -~]{16}/.test(start)) throw new MalformedFile('is a text');
    return new OnnxWalk(new ProtobufReader(descriptor, size), allowLoops).model();
  } finally {
    closeSync(descriptor);
  }
}

class OnnxWalk {
  private readonly tensors: OnnxTensorWalk;
  private irVersion = 0;
  private producer = '';
  private graphs = 0;
  private nodes = 0;
  private readonly opsets = new Map<string, number>();
  private readonly metadata = new Map<string, string>();
  private readonly inputs: OnnxTensor[] = [];
  private readonly outputs: OnnxTensor[] = [];
  private readonly initializers = new Set<string>();
  /** `domain operator` of what is used from domains that the runtime does not have. */
  private readonly foreign = new Set<string>();
  private readonly functions = new Set<string>();

  constructor(
    private readonly reader: ProtobufReader,
    private readonly allowLoops: boolean,
  ) {
    this.tensors = new OnnxTensorWalk(reader);
  }

  model(): OnnxDescription {
    const { reader } = this;
    reader.message(reader.size, {
      1: ({ value }) => (this.irVersion = value),
      2: (field) => (this.producer = reader.text(field, MAX_NAME_BYTES)),
      7: (field) => this.graph(field, 0, true),
      8: (field) => this.opset(field),
      14: (field) => this.metadataEntry(field),
      20: () => refuse('holds a training graph: export the model for inference'),
      25: (field) => this.function(field),
    });
    this.assertServable();
    return {
      ir_version: this.irVersion,
      opsets: Object.fromEntries(this.opsets),
      producer: this.producer === '' ? null : this.producer,
      nodes: this.nodes,
      parameters: this.tensors.elements,
      inputs: this.inputs.filter(({ name }) => !this.initializers.has(name)),
      outputs: this.outputs,
      metadata: Object.fromEntries(this.metadata),
    };
  }

  private assertServable(): void {
    if (this.graphs === 0 || this.nodes === 0 || this.outputs.length === 0) refuse('holds no ONNX graph');
    if (this.irVersion < 3) refuse('has an IR version below 3');
    if (this.irVersion > NEWEST_IR_VERSION) {
      refuse(`has IR version ${this.irVersion}: the runtime knows up to ${NEWEST_IR_VERSION}`);
    }
    if (!this.opsets.has('ai.onnx') && !this.opsets.has('ai.onnx.ml')) refuse('imports no operator set');
    for (const [domain, version] of this.opsets) {
      const newest = NEWEST_OPSETS[domain];
      if (version < 1 || (newest !== undefined && version > newest)) {
        refuse(`uses version ${version} of ${domain}: the runtime has 1 to ${newest}`);
      }
    }
    if (![...this.foreign].every((operator) => this.functions.has(operator))) {
      refuse(`uses operators outside ${Object.keys(NEWEST_OPSETS).join(', ')}`);
    }
  }

  private graph({ end }: Field, depth: number, isMain = false): void {
    if (depth > MAX_NESTED_GRAPHS) refuse(`nests graphs more than ${MAX_NESTED_GRAPHS} deep`);
    const { reader } = this;
    if (isMain) this.graphs += 1;
    reader.message(end, {
      1: (field) => this.node(field, depth),
      5: (field) => {
        const name = this.tensors.tensor(field);
        if (isMain) this.initializers.add(name);
      },
      11: (field) => isMain && this.inputs.push(this.valueInfo(field)),
      12: (field) => isMain && this.outputs.push(this.valueInfo(field)),
      13: (field) => this.valueInfo(field),
      15: (field) => this.tensors.sparseTensor(field),
    });
  }

  private node({ end }: Field, depth: number): void {
    this.nodes += 1;
    if (this.nodes > MAX_NODES) refuse(`has more than ${MAX_NODES} nodes`);
    const { reader } = this;
    let operator = '';
    let domain = '';
    reader.message(end, {
      4: (field) => (operator = reader.text(field, MAX_NAME_BYTES)),
      5: (field) => this.attribute(field, depth),
      7: (field) => (domain = reader.text(field, MAX_NAME_BYTES)),
    });
    const known = domainName(domain);
    if (NEWEST_OPSETS[known] === undefined) this.foreign.add(`${known} ${operator}`);
    if (known === 'ai.onnx' && LOOPS.has(operator) && !this.allowLoops) {
      refuse('holds Loop or Scan, which may never end; MODEL_LOOPS=allow admits them');
    }
  }

  private attribute({ end }: Field, depth: number): void {
    const tensor = (field: Field): void => void this.tensors.tensor(field);
    const sparse = (field: Field): void => this.tensors.sparseTensor(field);
    const graph = (field: Field): void => this.graph(field, depth + 1);
    this.reader.message(end, { 5: tensor, 6: graph, 10: tensor, 11: graph, 22: sparse, 23: sparse });
  }

  private function({ end }: Field): void {
    const { reader } = this;
    let name = '';
    let domain = '';
    reader.message(end, {
      1: (field) => (name = reader.text(field, MAX_NAME_BYTES)),
      7: (field) => this.node(field, 0),
      10: (field) => (domain = reader.text(field, MAX_NAME_BYTES)),
      11: (field) => this.attribute(field, 0),
    });
    this.functions.add(`${domainName(domain)} ${name}`);
  }

  private opset({ end }: Field): void {
    const { reader } = this;
    let domain = '';
    let version = 0;
    reader.message(end, {
      1: (field) => (domain = reader.text(field, MAX_NAME_BYTES)),
      2: ({ value }) => (version = value),
    });
    this.opsets.set(domainName(domain), version);
  }

  private metadataEntry({ end }: Field): void {
    if (this.metadata.size >= MAX_METADATA_ENTRIES) return;
    const { reader } = this;
    let key = '';
    let value = '';
    reader.message(end, {
      1: (field) => (key = reader.text(field, MAX_NAME_BYTES)),
      2: (field) => (value = reader.text(field, MAX_METADATA_BYTES)),
    });
    this.metadata.set(key, value);
  }

  private valueInfo({ end }: Field): OnnxTensor {
    const { reader } = this;
    let name = '';
    let type = 'other';
    let shape: (number | string)[] = [];
    reader.message(end, {
      1: (field) => (name = reader.text(field, MAX_NAME_BYTES)),
      2: (typeField) =>
        reader.message(typeField.end, {
          1: (tensor) =>
            reader.message(tensor.end, {
              1: ({ value }) => (type = ELEMENT_TYPES[value]?.[0] ?? 'other'),
              2: (field) => (shape = this.shape(field)),
            }),
        }),
    });
    return { name, type, shape };
  }

  private shape({ end }: Field): (number | string)[] {
    const { reader } = this;
    const shape: (number | string)[] = [];
    reader.message(end, {
      1: (dimension) => {
        let size: number | string = '?';
        reader.message(dimension.end, {
          1: ({ value }) => (size = value === -1 ? '?' : value),
          2: (field) => (size = reader.text(field, MAX_NAME_BYTES) || '?'),
        });
        shape.push(size);
      },
    });
    const absurd = shape.some((size) => typeof size === 'number' && (size < 0 || size > 2 ** 31));
    if (absurd || shape.length > MAX_DIMENSIONS) refuse('declares a tensor with absurd dimensions');
    return shape;
  }
}

const domainName = (domain: string): string => (domain === '' ? 'ai.onnx' : domain);

function refuse(reason: string): never {
  throw new MalformedFile(reason);
}
