import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { EngineConfig } from '../config/engine.config';
import { ModelsModule } from '../models/models.module';
import { ResultsModule } from '../results/results.module';
import { EngineModels } from './engine-models.service';
import { InferenceController } from './inference.controller';
import { InferenceEngine } from './engine/inference-engine';
import { InferenceService } from './inference.service';
import { ModelInstallation } from './registration/model-installation.service';
import { ModelIntegrity } from './registration/model-integrity.service';
import { ModelProver } from './registration/model-prover.service';
import { ModelRegistration } from './registration/model-registration.service';
import { ModelTransitions } from './registration/model-transitions.service';
import { RegistrationController } from './registration/registration.controller';
import { OnnxEngine } from './engine/onnx-engine';

@Module({
  imports: [ModelsModule, ResultsModule],
  controllers: [InferenceController, RegistrationController],
  providers: [
    EngineModels,
    InferenceService,
    ModelInstallation,
    ModelIntegrity,
    ModelProver,
    ModelRegistration,
    ModelTransitions,
    {
      provide: InferenceEngine,
      inject: [EngineConfig],
      useFactory: (config: EngineConfig) => new OnnxEngine(config),
    },
  ],
  exports: [EngineModels, InferenceEngine],
})
export class InferenceModule implements OnModuleDestroy {
  constructor(@Inject(InferenceEngine) private readonly engine: InferenceEngine) {}

  async onModuleDestroy(): Promise<void> {
    await this.engine.close();
  }
}
