import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { Draining } from '../components/draining';
import { EngineConfig } from '../config/engine.config';
import { ModelsModule } from '../models/models.module';
import { ResultsModule } from '../results/results.module';
import { BatchAnswers } from './batches/batch-answers.service';
import { BatchReader } from './batches/batch-reader.service';
import { BatchesController } from './batches/batches.controller';
import { Batches } from './batches/batches.service';
import { ItemInference } from './batches/item-inference.service';
import { BatchBacklog } from './batches/queue/batch-backlog.service';
import { BatchQueue } from './batches/queue/batch-queue.service';
import { BatchWorker } from './batches/queue/batch-worker.service';
import { EngineModels } from './serving/engine-models.service';
import { EngineIndicator } from './engine.indicator';
import { IdempotencyKeys } from './idempotency/idempotency-keys.service';
import { IdempotentRequests } from './idempotency/idempotent-requests.service';
import { Replays } from './idempotency/replays.service';
import { InferenceController } from './inference.controller';
import { InferenceEngine } from './engine/inference-engine';
import { InferenceService } from './inference.service';
import { ModelOutages } from './serving/model-outages.service';
import { ModelInstallation } from './registration/model-installation.service';
import { ModelIntegrity } from './registration/model-integrity.service';
import { ModelProver } from './registration/model-prover.service';
import { ModelRegistration } from './registration/model-registration.service';
import { ModelTransitions } from './registration/model-transitions.service';
import { OpenInferences } from './open/open-inferences.service';
import { RegistrationController } from './registration/registration.controller';
import { OnnxEngine } from './engine/onnx-engine';

@Module({
  imports: [ModelsModule, ResultsModule],
  controllers: [BatchesController, InferenceController, RegistrationController],
  providers: [
    Batches,
    BatchAnswers,
    BatchBacklog,
    BatchQueue,
    BatchReader,
    BatchWorker,
    EngineIndicator,
    EngineModels,
    IdempotencyKeys,
    IdempotentRequests,
    InferenceService,
    ItemInference,
    ModelInstallation,
    ModelIntegrity,
    ModelOutages,
    ModelProver,
    ModelRegistration,
    ModelTransitions,
    OpenInferences,
    Replays,
    {
      provide: InferenceEngine,
      inject: [EngineConfig],
      useFactory: (config: EngineConfig) => new OnnxEngine(config),
    },
  ],
})
export class InferenceModule implements OnModuleDestroy {
  constructor(
    @Inject(InferenceEngine) private readonly engine: InferenceEngine,
    { signal }: Draining,
    worker: BatchWorker,
  ) {
    signal.addEventListener('abort', () => worker.retire(), { once: true });
  }

  async onModuleDestroy(): Promise<void> {
    await this.engine.close();
  }
}
