import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineAnswer, InferenceEngine } from '../../src/inference/engine/inference-engine';
import { BLACK, imageOf, modelOf, requestOf, WHITE } from '../fixtures/models/models';
import { temporaryDirectory } from '../harness/temporary-directory';

/** What holds for every engine; `makeEngine` gives one that can do two things at a time. */
export function describeInferenceEngine(name: string, makeEngine: () => InferenceEngine): void {
  describe(`${name} as an InferenceEngine`, () => {
    let engine: InferenceEngine;
    beforeAll(() => {
      engine = makeEngine();
    });
    afterAll(() => engine.close());

    const run = (...[model, request]: Parameters<InferenceEngine['run']>): Promise<EngineAnswer> =>
      engine.run(model, request);

    it('describes a loaded model', async () => {
      expect(engine.describe('quarters')).toBeUndefined();
      const description = await engine.load(modelOf('quarters'));
      expect(engine.describe('quarters')).toBe(description);
      expect(description).toEqual({
        inputs: [{ name: 'image', type: 'float32', shape: ['batch', 1, 64, 64] }],
        outputs: [
          { name: 'scores', type: 'float32', shape: ['batch', 4] },
          { name: 'brightest', type: 'int64', shape: ['batch'] },
        ],
        loadMs: expect.any(Number) as number,
        warmUpMs: expect.any(Number) as number,
        memoryBytes: expect.any(Number) as number,
        runtimeVersion: expect.stringMatching(/ \d+\.\d+/) as string,
      });
    });

    it('gives the numbers of a plain computation, each request its own, however many at once', async () => {
      const images = Array.from({ length: 40 }, (_, k) =>
        imageOf((x, y) => ((x * 7 + y * 13 + k * 29) % 101) / 100),
      );
      const answers = await Promise.all(images.map((image) => run(modelOf('quarters'), requestOf(image))));
      for (const [k, answer] of answers.entries()) {
        const means = quarterMeans(images[k]!.bytes);
        expect(answer.scores.map((score) => score.toFixed(4))).toEqual(means.map((mean) => mean.toFixed(4)));
        expect(answer.outputs).toEqual({
          scores: [answer.scores],
          brightest: [means.indexOf(Math.max(...means))],
        });
        expect(answer.image).toMatchObject({ width: 64, height: 64 });
      }
    });

    it('gives the scores after activation, and the outputs before it', async () => {
      const model = modelOf('quarters', { id: 'sigmoid', output: { name: 'scores', activation: 'sigmoid' } });
      const { outputs, scores } = await run(model, requestOf(WHITE));
      expect(outputs?.['scores']).toEqual([[1, 1, 1, 1]]);
      for (const score of scores) expect(score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    });

    it('does not run the model on an image that the quality policy rejects', async () => {
      const model = modelOf('nan', { id: 'strict', quality: { policy: 'reject', thresholds: {} } });
      const answer = await run(model, requestOf(BLACK));
      expect(answer).toMatchObject({
        outputs: null,
        scores: [],
        inferenceMs: 0,
        validation: { is_valid: false },
      });
    });

    it('tries a model without taking it in, each source on its own', async () => {
      const model = modelOf('nan', { id: 'candidate' });
      const corrupt = { form: 'file', bytes: Buffer.from('not an image') } as const;
      const { description, answers } = await engine.trial(model, [WHITE, BLACK, corrupt, WHITE]);
      expect(description.outputs).toMatchObject([{ name: 'scores', type: 'float32' }]);
      expect(answers).toEqual([
        expect.objectContaining({ scores: [1] }),
        refuses('MODEL_OUTPUT_INVALID'),
        refuses('IMAGE_FORMAT_UNSUPPORTED'),
        expect.objectContaining({ scores: [1] }),
      ]);
      expect(engine.describe('candidate')).toBeUndefined();
    });

    it('refuses an output that is not a number', async () => {
      await expect(run(modelOf('nan'), requestOf(BLACK))).rejects.toEqual(refuses('MODEL_OUTPUT_INVALID'));
      expect((await run(modelOf('nan'), requestOf(WHITE))).scores).toEqual([1]);
    });

    it('refuses a file that is not the registered one', async () => {
      const model = modelOf('quarters', { id: 'swapped', fileHash: modelOf('nan').fileHash });
      await expect(run(model, requestOf(WHITE))).rejects.toEqual(refuses('MODEL_INTEGRITY_FAILED'));
      await expect(engine.load(model)).rejects.toEqual(refuses('MODEL_INTEGRITY_FAILED'));
    });

    it.each(['truncated', 'empty', 'not a model'])('refuses a file that is %s', async (kind) => {
      const whole = readFileSync(await modelOf('quarters').locate());
      const files = { truncated: whole.subarray(0, 200), empty: Buffer.alloc(0) };
      const file = kind in files ? files[kind as keyof typeof files] : Buffer.from('PK\u0003\u0004 is a zip');
      const fileHash = createHash('sha256').update(file).digest('hex');
      const path = join(temporaryDirectory(), 'model.onnx');
      writeFileSync(path, file);
      const model = modelOf('quarters', { id: kind, fileHash, locate: () => Promise.resolve(path) });
      await expect(engine.load(model)).rejects.toEqual(refuses('MODEL_LOAD_FAILED'));
    });

    it('refuses a file that is gone', async () => {
      const path = join(temporaryDirectory(), 'gone.onnx');
      const model = modelOf('quarters', { id: 'gone', locate: () => Promise.resolve(path) });
      await expect(engine.load(model)).rejects.toEqual(refuses('MODEL_INTEGRITY_FAILED'));
    });

    it('names the fields of a manifest that does not describe the model', async () => {
      const { input } = modelOf('quarters');
      const model = modelOf('quarters', {
        id: 'misdescribed',
        input: { ...input, name: 'pixels', channels: 3 },
        output: { name: 'diagnosis', activation: 'none' },
      });
      const fields = ['input.name', 'input.channels', 'output.name'].map((field) =>
        expect.objectContaining({ field }),
      );
      const mismatch = refuses('MODEL_MANIFEST_MISMATCH', { errors: fields });
      await expect(engine.load(model)).rejects.toEqual(mismatch);
      await expect(engine.trial(model, [])).rejects.toEqual(mismatch);
    });

    it('does not let a model read a file of the server', async () => {
      const [home, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'medai-secret-'))];
      writeFileSync(join(folder, 'secret.txt'), 'four little floats');
      process.chdir(folder);
      const engineHere = makeEngine();
      try {
        await expect(engineHere.load(modelOf('external-data'))).rejects.toEqual(refuses('MODEL_LOAD_FAILED'));
      } finally {
        process.chdir(home);
        await engineHere.close();
        rmSync(folder, { recursive: true });
      }
    });

    it('passes on what is wrong with an image', async () => {
      const source = { form: 'file', bytes: Buffer.from('not an image') } as const;
      await expect(run(modelOf('quarters'), requestOf(source))).rejects.toEqual(
        refuses('IMAGE_FORMAT_UNSUPPORTED'),
      );
    });

    it('refuses an image of a size that the model does not take', async () => {
      const source = {
        form: 'float32',
        bytes: new Uint8Array(128 * 128 * 4),
        width: 128,
        height: 128,
      } as const;
      await expect(run(modelOf('quarters'), requestOf(source))).rejects.toEqual(
        refuses('MODEL_INPUT_INVALID'),
      );
    });

    it('answers ENGINE_TIMEOUT for a model that never ends, and goes on', async () => {
      const endless = modelOf('endless-run');
      await engine.load(endless);
      await expect(run(endless, requestOf(WHITE, { deadlineMs: 300 }))).rejects.toEqual(
        refuses('ENGINE_TIMEOUT'),
      );
      expect((await run(endless, requestOf(BLACK))).scores).toEqual([0]);
    });

    it('leaves the server free while a model runs', async () => {
      let ticks = 0;
      const ticking = setInterval(() => ticks++, 1);
      const endless = run(modelOf('endless-run'), requestOf(WHITE, { deadlineMs: 300 }));
      await expect(endless).rejects.toEqual(refuses('ENGINE_TIMEOUT'));
      clearInterval(ticking);
      expect(ticks).toBeGreaterThan(10);
    });

    it('does not start a request that was taken back', async () => {
      const signal = AbortSignal.abort('the client left');
      await expect(run(modelOf('quarters'), requestOf(WHITE, { signal }))).rejects.toBe('the client left');
    });

    it('loads a model again that was unloaded', async () => {
      await engine.load(modelOf('quarters'));
      await engine.unload('quarters');
      expect((await run(modelOf('quarters'), requestOf(WHITE))).scores).toEqual([1, 1, 1, 1]);
    });

    it('fails what is under way when it is closed', async () => {
      const closing = makeEngine();
      await closing.load(modelOf('endless-run'));
      const endless = closing.run(modelOf('endless-run'), requestOf(WHITE)).catch((error: unknown) => error);
      await closing.close();
      expect(await endless).toEqual(refuses('ENGINE_UNAVAILABLE'));
      await expect(closing.run(modelOf('quarters'), requestOf(WHITE))).rejects.toEqual(
        refuses('ENGINE_UNAVAILABLE'),
      );
    });
  });
}

const refuses = (code: string, detail: object = {}): object => expect.objectContaining({ code, ...detail });

/** Means of the four 32 x 32 quarters of 64 x 64 values, row by row. */
function quarterMeans(bytes: Uint8Array): number[] {
  const values = new Float32Array(bytes.buffer);
  const sums = [0, 0, 0, 0];
  for (const [i, value] of values.entries()) sums[(i % 64 < 32 ? 0 : 1) + (i < 32 * 64 ? 0 : 2)]! += value;
  return sums.map((sum) => sum / 1024);
}
