import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ModelsConfig } from '../config/models.config';
import { RuntimeConfig } from '../config/runtime.config';
import { ArtifactStore } from './artifacts/artifact-store';
import { DirectoryArtifactStore } from './artifacts/directory-artifact-store';
import { S3ArtifactStore } from './artifacts/s3-artifact-store';
import { ModelDefaultsIndicator } from './model-defaults.indicator';
import { ModelHistory } from './lifecycle/model-history.service';
import { ModelLifecycle } from './lifecycle/model-lifecycle.service';
import { ModelRegistry } from './model-registry.service';
import { ModelSelection } from './model-selection.service';
import { ModelVersion } from './model-version.entity';
import { ModelsController } from './models.controller';
import { Models } from './models.service';
import { ModelStats } from './stats/model-stats.service';
import { UploadStage } from './upload/upload-stage';

const artifactStore = ({ s3 }: ModelsConfig, { dataDir }: RuntimeConfig): ArtifactStore => {
  const directory = join(dataDir, 'models');
  return s3 === undefined ? new DirectoryArtifactStore(directory) : new S3ArtifactStore(s3, directory);
};

@Module({
  imports: [TypeOrmModule.forFeature([ModelVersion])],
  controllers: [ModelsController],
  providers: [
    { provide: ArtifactStore, inject: [ModelsConfig, RuntimeConfig], useFactory: artifactStore },
    ModelDefaultsIndicator,
    ModelHistory,
    ModelLifecycle,
    ModelRegistry,
    ModelSelection,
    Models,
    ModelStats,
    UploadStage,
  ],
  exports: [ArtifactStore, ModelLifecycle, ModelRegistry, ModelSelection, Models, UploadStage],
})
export class ModelsModule {}
