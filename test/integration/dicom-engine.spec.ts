import { Logger } from '@nestjs/common';
import type { ImageSource } from '../../src/imaging/image';
import { OnnxEngine, type OnnxEngineOptions } from '../../src/inference/engine/onnx-engine';
import type { EngineModel } from '../../src/inference/engine/inference-engine';
import { dicomFile } from '../fixtures/dicom/fixtures';
import { modelOf, requestOf } from '../fixtures/models/models';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

const engines: OnnxEngine[] = [];
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

function engineOf(options: OnnxEngineOptions): OnnxEngine {
  const engine = new OnnxEngine(options);
  engines.push(engine);
  return engine;
}

const file = (name: string): ImageSource => ({ form: 'file', bytes: dicomFile(name) });

function anySize(): EngineModel {
  const model = modelOf('quarters');
  const resize = { width: 64, height: 64, kernel: 'bilinear', antialias: true } as const;
  return { ...model, input: { ...model.input, resize } };
}

describe('DICOM decoders in an engine process', () => {
  it('one that is not done by the deadline is ended, and costs its own request only', async () => {
    const engine = engineOf({ processes: 1 });
    const model = anySize();
    await engine.load(model);
    const [pid] = engine.pids;
    // four million pixels of JPEG 2000 take several hundred milliseconds
    const slow = engine.run(model, requestOf(file('large-j2k'), { deadlineMs: 50 }));
    const next = engine.run(model, requestOf(file('j2k-u8')));
    await expect(slow).rejects.toMatchObject({ code: 'ENGINE_TIMEOUT' });
    expect((await next).image).toMatchObject({ width: 64, height: 64, format: 'dicom' });
    expect(engine.pids).not.toContain(pid);
    expect((await engine.run(model, requestOf(file('large-j2k')))).image.width).toBe(2048);
  });

  it('give their memory back: sixty frames in a process of 1 GiB', async () => {
    const engine = engineOf({ processes: 1, memoryLimitBytes: 1024 ** 3 });
    const model = anySize();
    const names = ['j2k-u12', 'htj2k-u12', 'jpeg-ls-u12', 'jpeg-lossless-sv1-u12', 'rle-u12'];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => engine.run(model, requestOf(file(names[i % names.length]!)))),
    );
    const [first] = answers;
    expect(answers.map(({ scores }) => scores)).toEqual(answers.map(() => first!.scores));
    expect(engine.health().restarts).toBe(0);
  });
});
