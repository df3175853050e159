import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectOnnxFile } from '../../src/models/onnx/onnx-inspection';
import { NEWEST_IR_VERSION, NEWEST_OPSETS } from '../../src/models/onnx/onnx-description';
import { OnnxEngine } from '../../src/inference/engine/onnx-engine';
import { modelOf } from '../fixtures/models/models';
import {
  IMAGE,
  initializer,
  integer,
  meanModel,
  message,
  node,
  type OnnxParts,
  onnxModel,
  valueInfo,
} from '../fixtures/models/onnx-writer';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const path = join(temporaryDirectory(), 'model.onnx');
const inspect = (file: Buffer, allowLoops = false): ReturnType<typeof inspectOnnxFile> => {
  writeFileSync(path, file);
  return inspectOnnxFile({ path, allowLoops });
};
const fixture = (name: string): Buffer => readFileSync(join(__dirname, `../fixtures/models/${name}.onnx`));

const SCORES = valueInfo(12, 'scores', ['batch', 1]);
const relu = (changes: Partial<OnnxParts> = {}): Buffer =>
  onnxModel({ graph: [node('Relu', ['image'], ['scores']), IMAGE, SCORES], ...changes });
const withGraph = (...parts: readonly Buffer[]): Buffer =>
  onnxModel({ graph: [node('Relu', ['image'], ['scores']), IMAGE, SCORES, ...parts] });

const times = (count: number, part: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(part));

function nestedGraphs(depth: number): Buffer {
  let inner = message(6, node('Relu', ['a'], ['b']));
  for (let level = 0; level < depth; level += 1)
    inner = message(6, node('If', ['c'], ['d'], message(5, inner)));
  return node('If', ['c'], ['d'], message(5, inner));
}

describe('inspectOnnxFile', () => {
  it('reads what the file says of itself', async () => {
    const labels = message(14, message(1, 'labels'), message(2, '["clear","bright"]'));
    expect(await inspect(meanModel(0.25, labels))).toEqual({
      ir_version: 8,
      opsets: { 'ai.onnx': 13 },
      producer: 'onnx-writer',
      nodes: 4,
      parameters: 4,
      inputs: [{ name: 'image', type: 'float32', shape: ['batch', 1, 64, 64] }],
      outputs: [{ name: 'scores', type: 'float32', shape: ['batch', 2] }],
      metadata: { labels: '["clear","bright"]' },
    });
  });

  it('reads a model that a library wrote', async () => {
    expect(await inspect(fixture('quarters'))).toMatchObject({
      nodes: 3,
      outputs: [
        { name: 'scores', type: 'float32', shape: ['batch', 4] },
        { name: 'brightest', type: 'int64', shape: ['batch'] },
      ],
    });
  });

  it('does not take weights that old models list as inputs for inputs', async () => {
    const weights = initializer('w', [1], Buffer.alloc(4));
    expect((await inspect(withGraph(weights, valueInfo(11, 'w', [1])))).inputs).toHaveLength(1);
  });

  it.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /empty/],
    ['a truncated model', meanModel().subarray(0, 200), /truncated/],
    ['a ZIP archive', Buffer.from('PK\u0003\u0004 and so on and so on'), /ZIP archive/],
    ['a pickle', Buffer.from('\u0080\u0002}q\u0000(X\u0004 and so on', 'latin1'), /pickle/],
    ['a text', Buffer.from('{"not": "a model at all"}'), /text/],
    [
      'noise',
      Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919 + 131) % 251)),
      /protobuf|truncated/,
    ],
    ['a message that is no model', integer(1, 8), /no ONNX graph/],
    ['a length beyond the file', Buffer.from('3affffffff7f', 'hex'), /truncated/],
    ['a varint without end', Buffer.from(Array(12).fill(0xff)), /protobuf/],
    ['external data', fixture('external-data'), /external data/],
    ['external data of a sparse tensor', withGraph(message(15, message(1, integer(14, 1)))), /external data/],
    [
      'external data in an attribute of a nested graph',
      withGraph(
        node(
          'If',
          ['c'],
          ['d'],
          message(5, message(6, node('Constant', [], ['e'], message(5, message(5, message(13)))))),
        ),
      ),
      /external data/,
    ],
    [
      'an operator of an unknown domain',
      onnxModel({ graph: [node('Steal', ['image'], ['scores'], message(7, 'evil.example')), IMAGE, SCORES] }),
      /operators outside ai.onnx/,
    ],
    ['an operator set from the future', relu({ opsets: [['', 99]] }), /version 99 of ai.onnx/],
    ['an IR version from the future', relu({ irVersion: 99 }), /IR version 99/],
    ['no operator set', relu({ opsets: [] }), /no operator set/],
    ['a negative dimension', withGraph(initializer('w', [-5], Buffer.alloc(0))), /absurd dimensions/],
    [
      'dimensions whose product overflows',
      withGraph(initializer('w', Array(8).fill(65_536), Buffer.alloc(0))),
      /absurd dimensions/,
    ],
    [
      'an absurd input',
      onnxModel({ graph: [node('Relu', ['x'], ['y']), valueInfo(11, 'x', [2 ** 40]), SCORES] }),
      /absurd/,
    ],
    [
      'data that does not fit its dimensions',
      withGraph(initializer('w', [9], Buffer.alloc(4))),
      /does not fit/,
    ],
    ['graphs nested 20 deep', withGraph(nestedGraphs(20)), /deep/],
    ['more nodes than the cap', withGraph(times(100_001, node('Relu', ['a'], ['b']))), /nodes/],
    ['more tensors than the cap', withGraph(times(100_001, message(5))), /tensors/],
    ['a loop', fixture('endless-run'), /Loop or Scan/],
    ['a training graph', relu({ more: [message(20)] }), /training/],
  ])('refuses %s', async (_name, file, reason) => {
    await expect(inspect(file)).rejects.toMatchObject({
      code: 'MODEL_FILE_INVALID',
      errors: [{ field: 'file', message: expect.stringMatching(reason) as string }],
    });
  });

  it('admits loops where the operator does', async () => {
    expect((await inspect(fixture('endless-run'), true)).nodes).toBeGreaterThan(0);
  });

  it('admits the functions that a model brings along', async () => {
    const call = node('Twice', ['image'], ['scores'], message(7, 'own'));
    const body = message(7, message(1, 'x'), message(2, 'y'), message(4, 'Relu'));
    const own = message(25, message(1, 'Twice'), message(4, 'x'), message(5, 'y'), body, message(10, 'own'));
    expect((await inspect(onnxModel({ graph: [call, IMAGE, SCORES], more: [own] }))).nodes).toBe(2);
  });

  it('says nothing of what stands in the file', async () => {
    const secret = onnxModel({
      graph: [node('PATIENT-4711', ['image'], ['scores'], message(7, 'PATIENT-4711')), IMAGE, SCORES],
    });
    const error = await inspect(secret).catch((error: unknown) => JSON.stringify(error));
    expect(error).not.toContain('4711');
  });
});

describe('the newest versions that are let through', () => {
  const engine = new OnnxEngine({ processes: 1 });
  afterAll(() => engine.close());
  const loads = async (file: Buffer): Promise<string> => {
    writeFileSync(path, file);
    const { createHash } = await import('node:crypto');
    const fileHash = createHash('sha256').update(file).digest('hex');
    const model = modelOf('quarters', { fileHash, locate: () => Promise.resolve(path) });
    return engine.trial(model, []).then(
      () => 'loaded',
      ({ code }: { code: string }) => code,
    );
  };

  it('are those of the runtime', async () => {
    const opset = NEWEST_OPSETS['ai.onnx']!;
    expect(await loads(relu({ opsets: [['', opset]] }))).toBe('loaded');
    expect(await loads(relu({ opsets: [['', opset + 1]] }))).toBe('MODEL_LOAD_FAILED');
    expect(await loads(relu({ irVersion: NEWEST_IR_VERSION }))).toBe('loaded');
    expect(await loads(relu({ irVersion: NEWEST_IR_VERSION + 1 }))).toBe('MODEL_LOAD_FAILED');
  });
});
