import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { SmallDisk } from '../harness/small-disk';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const possible = SmallDisk.possible();
if (!possible) process.stderr.write('storage.spec.ts: skipped, it mounts a small disk, which takes root\n');

(possible ? describe : describe.skip)('a full disk under DATA_DIR [R-19] [R-22]', () => {
  const directory = temporaryDirectory();
  let disk: SmallDisk;
  let running: RunningApp;
  beforeAll(async () => {
    disk = SmallDisk.mount(directory, 16)!;
    running = await startApp({ DATA_DIR: directory, HEALTH_DETAILS: 'public' });
  });
  afterAll(async () => {
    await running.stop();
    disk.unmount();
  });

  /** Asked again until the answer is not the one that was kept any more. */
  async function untilStorageIs(status: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { components } = (await (await fetch(`${running.url}/health`)).json()) as {
        components: { storage: { data: Record<string, unknown> } };
      };
      const { data } = components.storage;
      if (data['status'] === status) return data;
      await sleep(100);
    }
  }

  const metrics = async (): Promise<string> => (await fetch(`${running.url}/metrics`)).text();

  it('GET /health › says so, /metrics too, images are answered all the same, and it mends itself', async () => {
    expect(await untilStorageIs('healthy')).toMatchObject({ writable: true });
    expect(await metrics()).toContain('medai_storage_writable{directory="data"} 1');
    disk.fill();
    expect(await untilStorageIs('unhealthy')).toEqual({ status: 'unhealthy', used: 1, writable: false });
    expect(await metrics()).toContain('medai_storage_writable{directory="data"} 0');
    expect(await metrics()).toContain('medai_storage_used_ratio{directory="data"} 1');
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);
    const inference = await fetch(`${running.url}/infer`, {
      method: 'POST',
      headers: { 'Content-Type': 'image/png', Authorization: `Bearer ${await running.token('clinician')}` },
      body: new Uint8Array(SAMPLE),
    });
    expect(inference.status).toBe(200);
    disk.free();
    await untilStorageIs('healthy');
  });
});
