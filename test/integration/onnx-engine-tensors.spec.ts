import { Logger } from '@nestjs/common';
import type { EngineAnswer, EngineModel } from '../../src/inference/engine/inference-engine';
import { OnnxEngine } from '../../src/inference/engine/onnx-engine';
import { BLACK, imageOf, type ModelName, modelOf, requestOf, WHITE } from '../fixtures/models/models';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

const failure = (code: string, more: object = {}): object => expect.objectContaining({ code, ...more });

/** The first pixel; all others are black. */
const pixel = (value: number): ReturnType<typeof imageOf> => imageOf((x, y) => (x + y === 0 ? value : 0));

const inputOf = (changes: Partial<EngineModel['input']>): Pick<EngineModel, 'input'> => ({
  input: { ...modelOf('quarters').input, ...changes },
});

describe('tensors of OnnxEngine', () => {
  let engine: OnnxEngine;
  beforeAll(() => {
    engine = new OnnxEngine({ processes: 1 });
  });
  afterAll(() => engine.close());

  const run = (name: ModelName, source = WHITE, changes: Partial<EngineModel> = {}): Promise<EngineAnswer> =>
    engine.run(modelOf(name, changes), requestOf(source));

  it.each([
    ['float16', 0.5],
    ['float64', 0.5],
    ['int8', 100],
    ['uint8', 200],
    ['int16', 30_000],
    ['uint16', 60_000],
    ['int32', 1_000_000],
    ['uint32', 3_000_000_000],
    ['int64', 2 ** 40],
    ['uint64', 2 ** 63],
    ['bool', 1],
  ] as const)('feeds a model that takes %s with the values of the image', async (type, value) => {
    const model = modelOf(`takes-${type}`, inputOf({ range: [0, value] }));
    const description = await engine.load(model);
    expect(description.inputs).toEqual([{ name: 'image', type, shape: ['batch', 1, 64, 64] }]);
    expect((await engine.run(model, requestOf(pixel(1)))).scores).toEqual([value, 0]);
  });

  it.each([
    ['whole', 'uint8', 0.5],
    ['in its range', 'uint8', 256],
    ['in its range', 'float16', 65_536],
    ['true or false', 'bool', 2],
  ] as const)('refuses values that are not %s: %s of %d', async (_, type, value) => {
    const id = `${type} of ${value}`;
    const model = modelOf(`takes-${type}`, { id, ...inputOf({ range: [0, value] }) });
    await expect(engine.run(model, requestOf(pixel(1)))).rejects.toEqual(failure('MODEL_INPUT_INVALID'));
    expect((await engine.run(model, requestOf(BLACK))).scores).toEqual([0, 0]);
  });

  it('gives outputs of every type, integers beyond 2^53 as decimal strings', async () => {
    const { outputs, scores } = await run('gives-types');
    expect(scores).toEqual([1]);
    expect(outputs).toEqual({
      scores: [[1]],
      half: [[1]],
      lit: [[true]],
      small: [[1]],
      text: [['1']],
      whole: [[1]],
      wide: [['9223372036854775807', -1]],
      unsigned: '18446744073709551615',
    });
  });

  it.each(['half', 'small', 'lit', 'whole'])('judges the output %s', async (name) => {
    const model = { id: `judges ${name}`, output: { name, activation: 'none' } } as const;
    expect((await run('gives-types', WHITE, model)).scores).toEqual([1]);
  });

  it('judges no integers that a double does not hold, and no text', async () => {
    const judging = (name: string): Promise<EngineAnswer> =>
      run('gives-types', WHITE, { id: `judges ${name}`, output: { name, activation: 'none' } });
    await expect(judging('wide')).rejects.toEqual(failure('MODEL_OUTPUT_INVALID'));
    await expect(judging('text')).rejects.toEqual(failure('MODEL_MANIFEST_MISMATCH'));
  });

  it('gives a model with several inputs the constants of its manifest', async () => {
    const extra = [
      { name: 'weight', value: 3 },
      { name: 'offset', value: [0.5, -0.5] },
    ];
    const answer = await run('three-inputs', WHITE, inputOf({ extra }));
    expect(answer.scores).toEqual([3.5, 2.5]);
  });

  it('names an input that the manifest gives no value', async () => {
    const errors = ['input.extra', 'input.extra'].map(
      (field) => expect.objectContaining({ field }) as object,
    );
    await expect(engine.load(modelOf('three-inputs', { id: 'unfed' }))).rejects.toEqual(
      failure('MODEL_MANIFEST_MISMATCH', { errors }),
    );
  });

  it('runs a model of free size on each size', async () => {
    const square = (side: number): ReturnType<typeof imageOf> => ({
      form: 'float32',
      bytes: new Uint8Array(new Float32Array(side * side).fill(1).buffer),
      width: side,
      height: side,
    });
    const shapes = await Promise.all(
      [64, 96, 128].map(async (side) => {
        const { outputs } = await run('network', square(side));
        return (outputs!['mask'] as number[][][][])[0]![0]!.length;
      }),
    );
    expect(shapes).toEqual([16, 24, 32]);
  });

  it('gives the same numbers with two threads', async () => {
    const threaded = new OnnxEngine({ processes: 1, threads: 2 });
    try {
      const image = requestOf(imageOf((x, y) => ((x * 7 + y * 13) % 101) / 100));
      const answers = [threaded, engine].map((each) => each.run(modelOf('network'), image));
      const [two, one] = await Promise.all(answers);
      expect(two!.outputs).toEqual(one!.outputs);
    } finally {
      await threaded.close();
    }
  });

  it('tells a failure within the model from an image that it does not take', async () => {
    const wide = { form: 'float32', bytes: new Uint8Array(64 * 96 * 4), width: 96, height: 64 } as const;
    await expect(run('quarters', wide)).rejects.toEqual(failure('MODEL_INPUT_INVALID'));
    await expect(run('fails-inside')).rejects.toEqual(failure('MODEL_RUN_FAILED'));
    expect((await run('fails-inside', BLACK)).scores).toEqual([0]);
  });

  it('refuses an output of absurd shape', async () => {
    await expect(run('absurd-output')).rejects.toEqual(failure('MODEL_OUTPUT_INVALID'));
    expect((await run('absurd-output', BLACK)).scores).toEqual([0]);
  });

  describe('of several images', () => {
    const batched = modelOf('network', { id: 'batched', batching: { max: 8 } });
    const images = Array.from({ length: 24 }, (_, k) =>
      imageOf((x, y) => ((x * 7 + y * 13 + k * 29) % 101) / 100),
    );

    it('have the numbers of each image alone, to the last bit', async () => {
      const [together, alone] = await Promise.all(
        [batched, modelOf('network')].map(async (model) => {
          await engine.load(model);
          return Promise.all(images.map((image) => engine.run(model, requestOf(image))));
        }),
      );
      expect(together!.map(({ outputs }) => outputs)).toEqual(alone!.map(({ outputs }) => outputs));
      expect(together!.map(({ scores }) => scores)).toEqual(alone!.map(({ scores }) => scores));
      // those that ran as one tensor share the time of the run
      expect(new Set(together!.map(({ inferenceMs }) => inferenceMs)).size).toBeLessThan(images.length / 2);
      expect(new Set(alone!.map(({ inferenceMs }) => inferenceMs)).size).toBeGreaterThan(images.length / 2);
    });

    it('fail one by one', async () => {
      const nan = modelOf('nan', { id: 'batched nan', batching: { max: 8 } });
      const corrupt = { form: 'file', bytes: Buffer.from('not an image') } as const;
      const outcomes = await Promise.allSettled(
        [WHITE, BLACK, corrupt, WHITE, BLACK, WHITE].map((source) => engine.run(nan, requestOf(source))),
      );
      expect(
        outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.scores : outcome.reason)),
      ).toEqual([
        [1],
        failure('MODEL_OUTPUT_INVALID'),
        failure('IMAGE_FORMAT_UNSUPPORTED'),
        [1],
        failure('MODEL_OUTPUT_INVALID'),
        [1],
      ]);
    });

    it('may differ in size', async () => {
      const large = { form: 'float32', bytes: new Uint8Array(96 * 96 * 4), width: 96, height: 96 } as const;
      const answers = await Promise.all(
        [WHITE, large, WHITE, large].map((source) => engine.run(batched, requestOf(source))),
      );
      expect(answers.map(({ image }) => image.width)).toEqual([64, 96, 64, 96]);
      expect(answers[1]!.outputs).toEqual(answers[3]!.outputs);
    });

    it('are fed with as many constants', async () => {
      const extra = [
        { name: 'weight', value: 3 },
        { name: 'offset', value: [0.5, -0.5] },
      ];
      const model = modelOf('three-inputs', {
        id: 'batched inputs',
        batching: { max: 8 },
        ...inputOf({ extra }),
      });
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => engine.run(model, requestOf(WHITE))));
      expect(answers.map(({ scores }) => scores)).toEqual(answers.map(() => [3.5, 2.5]));
    });

    it('are not for a model that does not give each image a row', async () => {
      const model = modelOf('gives-one-row', { id: 'one row', batching: { max: 8 } });
      const errors = [expect.objectContaining({ field: 'batching' }) as object];
      await expect(engine.load(model)).rejects.toEqual(failure('MODEL_MANIFEST_MISMATCH', { errors }));
      expect((await run('gives-one-row')).scores).toEqual([1]);
    });

    it('are run once more alone when one of them costs the process, and that one fails', async () => {
      const bomb = modelOf('memory-bomb', { id: 'batched bomb', batching: { max: 8 } });
      const limited = new OnnxEngine({ processes: 1, memoryLimitBytes: 1024 ** 3 });
      try {
        await limited.load(bomb);
        const outcomes = await Promise.allSettled(
          [BLACK, BLACK, WHITE, BLACK, BLACK].map((source) => limited.run(bomb, requestOf(source))),
        );
        expect(
          outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.scores : outcome.reason)),
        ).toEqual([[0], [0], failure('ENGINE_CRASHED'), [0], [0]]);
        expect(limited.health().restarts).toBe(2);
      } finally {
        await limited.close();
      }
    });
  });
});
