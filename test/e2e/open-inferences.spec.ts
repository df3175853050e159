import { setTimeout as sleep } from 'node:timers/promises';
import { OpenInferences } from '../../src/inference/open/open-inferences.service';
import { Client } from '../harness/client';
import { startReplica } from '../harness/replica';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(120_000);

const IMAGE = { data: Array<number>(64 * 64).fill(0.5), width: 64, height: 64 };

let running: RunningApp;
let auditor: string;
let endless: string;

beforeAll(async () => {
  running = await startApp({ INFERENCE_DEADLINE_SECONDS: '3' });
  auditor = await running.token('auditor');
  endless = (await running.installFixture('endless-run')).id;
});
afterAll(() => running.stop());

interface Entry {
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly actor_id: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly request_id: string | null;
  readonly details: { readonly requested_at?: string };
}

async function entries(filter: string): Promise<Entry[]> {
  const { body } = await new Client(running.url).get(`/audit?sequenced=wait&${filter}`, auditor);
  return (body as { items: Entry[] }).items;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('it did not come');
}

const actionsOn = async (id: string): Promise<string[]> =>
  (await entries(`object_id=${id}`)).map(({ action }) => action).sort();

const requested = (requestId: string): Promise<Entry> =>
  until(async () =>
    (await entries('action=inference.requested')).find((entry) => entry.request_id === requestId),
  );

/** As if the servers that run what is open had been silent for an hour. */
async function sweepLater(): Promise<void> {
  await running.dataSource.query(`UPDATE inference_requests SET seen_at = seen_at - interval '1 hour'`);
  await running.app.get(OpenInferences).sweep();
}

const openRequests = (): Promise<object[]> => running.dataSource.query('SELECT FROM inference_requests');

describe('an inference that takes long [R-09] [R-55]', () => {
  it.each(['/infer', '/infer/batch'])(
    'POST %s is recorded as requested while it runs, and by its outcome afterwards',
    async (path) => {
      const image = { ...IMAGE, model_id: endless };
      const client = new Client(running.url);
      const requestId = `long-request${path.replaceAll('/', '-')}`;
      const answer = client.call('POST', path, {
        token: await running.token('clinician'),
        body: path === '/infer' ? image : { images: [image] },
        headers: { 'X-Request-Id': requestId },
      });
      const entry = await requested(requestId);
      const { body } = await client.get('/auth/me', await running.token('clinician'));
      expect(entry).toMatchObject({ outcome: 'success', actor_id: (body as { user_id: string }).user_id });
      expect(Date.parse(entry.details.requested_at!)).toBeLessThan(Date.now() - 1_000);
      await answer;
      await sweepLater();
      expect(await openRequests()).toEqual([]);
      expect(await actionsOn(entry.object_id)).toEqual(
        path === '/infer'
          ? ['inference.failed', 'inference.requested']
          : ['batch.completed', 'batch.submitted', 'inference.requested'],
      );
    },
  );

  it('whose client goes away while it waits is recorded as abandoned', async () => {
    const gone = new AbortController();
    const token = await running.token('clinician');
    const send = (requestId: string, signal?: AbortSignal): Promise<unknown> =>
      fetch(`${running.url}/infer`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'X-Request-Id': requestId,
        },
        body: JSON.stringify({ ...IMAGE, model_id: endless }),
        signal,
      });
    const before = [send('before-it-1'), send('before-it-2')]; // the one engine process is busy with them
    const answer = send('gone-away', gone.signal);
    const { object_id } = await requested('gone-away');
    gone.abort();
    await expect(answer).rejects.toThrow('aborted');
    const [entry] = await until(async () => {
      const found = await entries(`object_id=${object_id}&action=inference.abandoned`);
      return found.length > 0 ? found : undefined;
    });
    expect(entry).toMatchObject({ reason: 'REQUEST_ABANDONED', request_id: 'gone-away' });
    await Promise.all(before);
  });

  it('whose server is killed is recorded as abandoned by another, once', async () => {
    const server = await startReplica(running, {
      DATABASE_URL: running.databaseUrls.application,
      DATABASE_SEQUENCER_URL: running.databaseUrls.sequencer,
      DATABASE_MIGRATION_URL: running.database.url,
      BATCH_WORKERS: '0',
    });
    try {
      const client = new Client(server.url);
      const { body } = await client.login('clinician', PASSWORD);
      const answer = client
        .call('POST', '/infer', {
          token: (body as { access_token: string }).access_token,
          body: { ...IMAGE, model_id: endless },
          headers: { 'X-Request-Id': 'killed-server' },
        })
        .catch(() => 'cut off');
      const { object_id, actor_id } = await requested('killed-server');
      await server.end('SIGKILL');
      expect(await answer).toBe('cut off');
      await running.app.get(OpenInferences).sweep();
      expect(await actionsOn(object_id)).toEqual(['inference.requested']); // it may still be heard of
      await Promise.all([sweepLater(), running.app.get(OpenInferences).sweep()]);
      await sweepLater();
      expect(await actionsOn(object_id)).toEqual(['inference.abandoned', 'inference.requested']);
      expect(await entries(`object_id=${object_id}&action=inference.abandoned`)).toMatchObject([
        { actor_id, outcome: 'failed', object_type: 'inference_result', request_id: null },
      ]);
      expect(await openRequests()).toEqual([]);
    } finally {
      await server.end('SIGKILL');
    }
  });
});
