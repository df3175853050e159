import { Counter, Gauge, Histogram } from 'prom-client';
import type { EngineHealth } from './inference-engine';

const MODEL = ['model', 'version'] as const;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const queueDuration = new Histogram({
  name: 'medai_engine_queue_duration_seconds',
  help: 'From the arrival of an image until a process began with it',
  labelNames: MODEL,
  buckets: BUCKETS,
});

export const preprocessingDuration = new Histogram({
  name: 'medai_engine_preprocessing_duration_seconds',
  help: 'From the bytes of an image to its tensor, quality checks included',
  labelNames: MODEL,
  buckets: BUCKETS,
});

export const runDuration = new Histogram({
  name: 'medai_engine_run_duration_seconds',
  help: 'Of the model alone; images that ran as one tensor share it',
  labelNames: MODEL,
  buckets: BUCKETS,
});

export const qualityFailures = new Counter({
  name: 'medai_quality_failures_total',
  help: 'Images that failed a quality check, by its code; whether the model ran all the same is for its policy to say',
  labelNames: [...MODEL, 'code'],
});

export const processRestarts = new Counter({
  name: 'medai_engine_process_restarts_total',
  help: 'Engine processes replaced: killed at a deadline, crashed, or renewed to give memory back',
  labelNames: ['cause'],
});

const engines = new Set<() => EngineHealth>();

/** Shows an engine in the gauges below until the returned function is called. */
export function measured(health: () => EngineHealth): () => void {
  engines.add(health);
  return () => engines.delete(health);
}

const sumOf = (value: (health: EngineHealth) => number): number =>
  [...engines].reduce((sum, health) => sum + value(health()), 0);

const queueLength: Gauge = new Gauge({
  name: 'medai_engine_queue_length',
  help: 'Images that wait for a process',
  collect() {
    queueLength.set(sumOf(({ queued }) => queued));
  },
});

const processes = new Gauge({
  name: 'medai_engine_processes',
  help: 'Engine processes: as many as there should be, those that take calls, and those of them that work on one',
  labelNames: ['state'],
  collect() {
    processes.set(
      { state: 'configured' },
      sumOf(({ processes }) => processes),
    );
    processes.set(
      { state: 'ready' },
      sumOf(({ ready }) => ready),
    );
    processes.set(
      { state: 'busy' },
      sumOf(({ busy }) => busy),
    );
  },
});

const quarantined = new Gauge({
  name: 'medai_engine_model_quarantined',
  help: '1 for a model version that is kept from running because it killed its processes',
  labelNames: MODEL,
  collect() {
    quarantined.reset();
    for (const { modelName: model, version } of [...engines].flatMap((health) => health().quarantined)) {
      quarantined.set({ model, version }, 1);
    }
  },
});
