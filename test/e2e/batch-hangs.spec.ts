import { BatchClient, imageText } from '../harness/batch-client';
import { type RunningApp, startApp } from '../harness/running-app';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp({ ENGINE_PROCESSES: '1', INFERENCE_DEADLINE_SECONDS: '2' });
});
afterAll(() => running.stop());

describe('POST /infer/batch › one engine process [R-39]', () => {
  it('an image behind one that hangs is asked again, not failed', async () => {
    const [quarters, endless] = [
      await running.installFixture('quarters'),
      await running.installFixture('endless-run'),
    ];
    const clinician = new BatchClient(running.url, await running.token('clinician'));
    const { body } = await clinician.send([
      imageText(0.9, { model_id: endless.id }),
      imageText(0.5, { model_id: quarters.id }),
    ]);
    expect(body.results.map((result: { error?: { code: string } }) => result.error?.code)).toEqual([
      'ENGINE_TIMEOUT',
      undefined,
    ]);
    expect(body.results[1].outputs.scores[0]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});
