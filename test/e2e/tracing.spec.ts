import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { WitnessClient } from '../../src/audit/checkpoint/witness-client';
import { noteKey, parseNoteKey } from '../../src/audit/note/note-key';
import { Environment } from '../../src/config/environment';
import { s3Location } from '../../src/config/object-store/s3-location';
import { TracingConfig } from '../../src/config/tracing.config';
import { S3ArtifactStore } from '../../src/models/artifacts/s3-artifact-store';
import { startTracing, stopTracing, traced } from '../../src/tracing/tracing';
import { BatchClient } from '../harness/batch-client';
import { runLogText } from '../harness/run-logs';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { startS3Server } from '../harness/s3-server';
import { temporaryDirectory } from '../harness/temporary-directory';
import { type CollectedSpan, TraceCollector } from '../harness/trace-collector';
import { startWitness } from '../harness/witness';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

jest.setTimeout(30_000);

describe('tracing [R-23]', () => {
  let running: RunningApp;
  let collector: TraceCollector;
  beforeAll(async () => {
    running = await startApp();
    collector = await TraceCollector.start();
  });
  afterAll(async () => {
    await stopTracing();
    collector.stop();
    await running.stop();
  });

  const infer = async (headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${running.url}/infer?patient_id=Canary-Patient-MRN`, {
      method: 'POST',
      headers: {
        'Content-Type': 'image/png',
        Authorization: `Bearer ${await running.token('clinician')}`,
        ...headers,
      },
      body: SAMPLE,
    });

  const logLines = (): Record<string, unknown>[] =>
    runLogText()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('off: no header, no trace id, not in the log either, no SDK', async () => {
    const response = await infer({ traceparent: `00-${TRACE}-${PARENT}-01` });
    const body = (await response.json()) as { processing: object };
    expect(response.headers.get('traceparent')).toBeNull();
    expect(body.processing).not.toHaveProperty('trace_id');
    const own = logLines().filter(({ request_id }) => request_id === response.headers.get('x-request-id'));
    expect(own.map(({ event }) => event)).toContain('http.answered');
    expect(own.filter(({ trace_id }) => trace_id !== undefined)).toEqual([]);
    const program = `require('./dist/app.setup.js'); process.stdout.write(Object.keys(require.cache).join(' '))`;
    const loaded = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' }).stdout;
    expect(loaded).toContain('dist/tracing/tracing.js');
    expect(loaded).not.toMatch(/@opentelemetry.(sdk|exporter|otlp)/);
  });

  it('goes on in the sender’s trace, with a span for the request, queue, preprocessing, run and transaction', async () => {
    await startTracing(new TracingConfig(new Environment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })));
    const response = await infer({ traceparent: `00-${TRACE}-${PARENT}-01` });
    const body = (await response.json()) as { inference_id: string; processing: object };
    expect(response.headers.get('traceparent')).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(body.processing).toMatchObject({ trace_id: TRACE });
    const [row] = await running.dataSource.query<{ trace_id: string }[]>(
      "SELECT processing ->> 'trace_id' AS trace_id FROM inference_results WHERE id = $1",
      [body.inference_id],
    );
    expect(row?.trace_id).toBe(TRACE);

    const logged = logLines().filter(({ trace_id }) => trace_id === TRACE);
    expect(logged).toContainEqual(
      expect.objectContaining({
        event: 'http.answered',
        route: '/infer',
        request_id: response.headers.get('x-request-id'),
      }),
    );

    const unknown = await infer({ traceparent: 'not a traceparent' });
    expect(unknown.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const batches = new BatchClient(running.url, await running.token('clinician'));
    const { body: batch } = await batches.later([JSON.stringify({ image: SAMPLE.toString('base64') })]);
    await batches.done(batch.batch_id);
    await stopTracing();

    const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
    const [request] = spans.filter(({ name }) => name === 'POST /infer') as [CollectedSpan];
    expect(request.parentSpanId).toBe(PARENT);
    expect(request.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 200 } });
    const steps = spans.filter(({ parentSpanId }) => parentSpanId === request.spanId);
    expect(steps.map(({ name }) => name)).toEqual(['queue', 'preprocessing', 'run', 'transaction']);
    for (const { startTimeUnixNano, endTimeUnixNano } of spans)
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
    expect(collector.spans.map(({ name }) => name)).toContain('batch image');
    expect(collector.texts.join()).not.toMatch(/Canary|MRN/);
  });

  it('goes on to the object store and the witness, each call in a span of its own', async () => {
    const store = await startS3Server();
    const logKey = noteKey('log.example', 0x01, generateKeyPairSync('ed25519').privateKey);
    const witness = await startWitness('log.example', logKey);
    const location = s3Location(new Environment({ ARTIFACT_STORE_URL: store.url }), 'ARTIFACT_STORE_URL')!;
    const artifacts = new S3ArtifactStore(location, temporaryDirectory());
    const witnesses = new WitnessClient(witness.url, parseNoteKey(witness.vkey)!);
    const ask = async (): Promise<void> => {
      await artifacts.verify('0'.repeat(64));
      await witnesses.addCheckpoint({ oldSize: 0, proof: [], note: 'none' }).catch(() => undefined);
    };
    await ask();
    await startTracing(new TracingConfig(new Environment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })));
    await traced('round', {}, ask);
    await stopTracing();
    await Promise.all([store.close(), witness.stop()]);

    const round = collector.spans.find(({ name }) => name === 'round')!;
    const spanOf = (name: string): CollectedSpan => collector.spans.find((span) => span.name === name)!;
    for (const { traceId, parentSpanId } of [spanOf('s3 GetObjectCommand'), spanOf('witness add-checkpoint')])
      expect([traceId, parentSpanId]).toEqual([round.traceId, round.spanId]);
    const header = (name: string): string => `00-${round.traceId}-${spanOf(name).spanId}-01`;
    expect(store.traceparents).toEqual([undefined, header('s3 GetObjectCommand')]);
    expect(witness.traceparents).toEqual([undefined, header('witness add-checkpoint')]);
  });

  it('a collector that does not answer costs nobody an answer', async () => {
    const { url } = collector;
    collector.stop();
    await startTracing(new TracingConfig(new Environment({ OTEL_EXPORTER_OTLP_ENDPOINT: url })));
    expect((await infer()).status).toBe(200);
    await stopTracing();
  });
});
