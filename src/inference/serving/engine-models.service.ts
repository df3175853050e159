import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EngineConfig } from '../../config/engine.config';
import { DomainError } from '../../errors/domain.error';
import type { ErrorCode } from '../../errors/error-codes';
import { toDomainError } from '../../errors/to-domain-error';
import { ArtifactStore } from '../../models/artifacts/artifact-store';
import { ModelSelection } from '../../models/model-selection.service';
import type { ModelVersion } from '../../models/model-version.entity';
import type { SelfTest } from '../../models/self-test';
import { tracedBefore } from '../../tracing/tracing';
import {
  type EngineAnswer,
  type EngineModel,
  type EngineRequest,
  InferenceEngine,
} from '../engine/inference-engine';
import { engineModelOf } from '../registration/engine-model';
import { selfTestReport, sourceOf } from '../registration/self-test-report';
import { LoadQueue } from './load-queue';
import { ModelOutages } from './model-outages.service';

/** How soon this server notices what another one promoted or deprecated; requests notice at once. */
const RECONCILE_MS = 5_000;
const RETRY_FAILED_MS = 60_000;
/** A version that is not in production is let go of when nobody has used it for that long. */
const IDLE_MS = 60_000;
const GOLDEN_DEADLINE_MS = 30_000;

interface Held {
  state: 'loading' | 'ready' | 'failed' | 'quarantined';
  /** Monotonic, ms. */
  lastUsed: number;
  failedAt?: number;
  loaded?: Promise<SelfTest>;
}

/** Which registered versions the engine of this server holds warm. A version serves once its self-test is passed. */
@Injectable()
export class EngineModels implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('EngineModels');
  private readonly held = new Map<string, Held>();
  private readonly loading: LoadQueue;
  private readonly closing = new AbortController();
  /** As of the last look; undefined before everything that was in production at the start has been tried. */
  private inProduction?: readonly string[];

  constructor(
    private readonly engine: InferenceEngine,
    private readonly selection: ModelSelection,
    private readonly store: ArtifactStore,
    private readonly outages: ModelOutages,
    { queueLimit }: EngineConfig,
  ) {
    this.loading = new LoadQueue(queueLimit);
  }

  onApplicationBootstrap(): void {
    this.engine.onQuarantine(({ modelId, state }) => {
      if (state === 'open') void this.outages.begin(modelId, 'MODEL_QUARANTINED');
      if (state === 'closed') void this.outages.end(modelId, 'MODEL_QUARANTINED');
    });
    void this.keepReconciled();
  }

  onModuleDestroy(): void {
    this.closing.abort();
  }

  /** True when what was in production at the start is warm, and nothing in production has failed to load since. */
  get ready(): boolean {
    return this.inProduction?.every((id) => this.held.get(id)?.state !== 'failed') ?? false;
  }

  /** Versions whose stored file is not the registered one. They do not serve; the others do. */
  get quarantined(): number {
    return [...this.held.values()].filter(({ state }) => state === 'quarantined').length;
  }

  /**
   * Makes a version ready everywhere on this server and runs its golden samples.
   * @throws DomainError MODEL_SELF_TEST_FAILED; what `InferenceEngine.load` throws
   */
  async prepare(version: ModelVersion): Promise<SelfTest> {
    if (version.manifest.golden.length === 0) {
      throw new DomainError('MODEL_SELF_TEST_FAILED', 'The manifest holds no golden samples');
    }
    this.held.delete(version.id);
    const selfTest = await this.load(version);
    if (!selfTest.passed) {
      throw new DomainError('MODEL_SELF_TEST_FAILED', `${selfTest.failures.length} golden samples missed`);
    }
    return selfTest;
  }

  /**
   * `queueMs` of the answer counts from this call.
   * @throws DomainError MODEL_LOAD_FAILED, also for a version that misses its self-test here; see `InferenceEngine.run`
   */
  async run(version: ModelVersion, request: EngineRequest): Promise<EngineAnswer> {
    const began = performance.now();
    const held = this.held.get(version.id);
    if (held?.state === 'quarantined') throw new DomainError('MODEL_INTEGRITY_FAILED');
    if (held?.state === 'ready') held.lastUsed = began;
    else await this.loading.until(() => this.assertServes(version), version.id, request);
    const waitedMs = performance.now() - began;
    try {
      const deadlineMs = request.deadlineMs - waitedMs;
      const answer = await this.engine.run(this.engineModel(version), { ...request, deadlineMs });
      const queueMs = waitedMs + answer.queueMs;
      const { preprocessingMs: preprocessing, inferenceMs: run } = answer;
      const attributes = { model: version.modelName, version: version.version };
      tracedBefore({ queue: queueMs, preprocessing, run }, attributes);
      return { ...answer, queueMs };
    } catch (error) {
      if ((error as DomainError).code === 'MODEL_INTEGRITY_FAILED') await this.quarantine(version);
      throw error;
    }
  }

  /** Takes a version whose file has changed out of service on this server, until the file is back. */
  async quarantine({ id }: ModelVersion): Promise<void> {
    const held = this.held.get(id);
    if (held?.state === 'quarantined') return;
    this.held.set(id, { state: 'quarantined', lastUsed: performance.now() });
    await this.engine.unload(id).catch(() => undefined);
    await this.outages.begin(id, 'MODEL_INTEGRITY_FAILED');
  }

  /** The file is the registered one again. */
  async release({ id }: ModelVersion): Promise<void> {
    if (this.held.get(id)?.state !== 'quarantined') return;
    this.held.delete(id);
    await this.outages.end(id, 'MODEL_INTEGRITY_FAILED');
  }

  private async assertServes(version: ModelVersion): Promise<void> {
    const { passed, samples } = await this.load(version);
    if (!passed && samples > 0) {
      throw new DomainError('MODEL_LOAD_FAILED', 'The version does not pass its self-test on this server');
    }
  }

  /** Those who ask at the same time wait for the same load; a failure is remembered for a minute. */
  private load(version: ModelVersion): Promise<SelfTest> {
    const known = this.held.get(version.id);
    const stale = known?.failedAt !== undefined && performance.now() - known.failedAt > RETRY_FAILED_MS;
    if (known?.loaded !== undefined && !stale) return known.loaded;
    const held: Held = { state: 'loading', lastUsed: performance.now() };
    held.loaded = this.loadAndTest(version).then(
      (selfTest) => this.settle(held, version, selfTest),
      (error: unknown) => this.fail(held, version, error),
    );
    this.held.set(version.id, held);
    return held.loaded;
  }

  private async loadAndTest(version: ModelVersion): Promise<SelfTest> {
    const model = this.engineModel(version);
    const { golden } = version.manifest;
    const { runtimeVersion } = await this.engine.load(model);
    const answers = await Promise.all(
      golden.map(({ input }) =>
        this.engine
          .run(model, {
            source: sourceOf(input),
            priority: 'normal',
            principalId: version.createdBy,
            deadlineMs: GOLDEN_DEADLINE_MS,
          })
          .catch(missed),
      ),
    );
    return selfTestReport(golden, answers, runtimeVersion);
  }

  private async settle(held: Held, version: ModelVersion, selfTest: SelfTest): Promise<SelfTest> {
    held.lastUsed = performance.now();
    const serves = selfTest.passed || selfTest.samples === 0;
    held.state = serves ? 'ready' : 'failed';
    if (serves) {
      this.logger.log({ event: 'model.loaded', ...about(version) });
      await this.outages.end(version.id, 'MODEL_INTEGRITY_FAILED');
      return selfTest;
    }
    held.failedAt = performance.now();
    this.logger.error({
      event: 'model.self_test_failed',
      ...about(version),
      count: selfTest.failures.length,
    });
    await this.engine.unload(version.id).catch(() => undefined);
    return selfTest;
  }

  private async fail(held: Held, version: ModelVersion, thrown: unknown): Promise<never> {
    const error = toDomainError(thrown);
    held.state = 'failed';
    held.failedAt = PASSING.has(error.code) ? -Infinity : performance.now();
    this.logger.error({ event: 'model.load_failed', code: error.code, ...about(version) });
    if (error.code === 'MODEL_INTEGRITY_FAILED') await this.quarantine(version);
    throw error;
  }

  private async keepReconciled(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.reconcile().catch((error: unknown) => {
        this.logger.error({ event: 'models.reconcile_failed', code: toDomainError(error).code });
      });
      await sleep(RECONCILE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Loads what is in production and lets go of what nobody needs any more. */
  private async reconcile(): Promise<void> {
    const inProduction = await this.selection.idsInProduction();
    for (const id of inProduction) {
      if (this.closing.signal.aborted) return;
      const version = await this.selection.version(id);
      if (this.held.get(id)?.state !== 'quarantined') await this.load(version).catch(() => undefined);
    }
    this.inProduction = inProduction;
    for (const [id, { state, lastUsed }] of this.held) {
      const idle = performance.now() - lastUsed > IDLE_MS;
      if (inProduction.includes(id) || state === 'loading' || !idle) continue;
      this.held.delete(id);
      await this.engine.unload(id);
      this.logger.log({ event: 'model.unloaded', model_id: id });
    }
  }

  private engineModel({ id, manifest, fileHash }: ModelVersion): EngineModel {
    return engineModelOf({ id, manifest, fileHash, locate: () => this.store.locate(fileHash) });
  }
}

/** They say nothing of the version. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['ENGINE_BUSY', 'ENGINE_UNAVAILABLE']);

function missed(thrown: unknown): DomainError {
  const error = toDomainError(thrown);
  if (PASSING.has(error.code)) throw error;
  return error;
}

const about = ({
  id,
  modelName,
  version,
}: ModelVersion): Record<'model_id' | 'model_name' | 'version', string> => ({
  model_id: id,
  model_name: modelName,
  version,
});
