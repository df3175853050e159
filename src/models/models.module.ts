import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ModelArtifacts } from './model-artifacts';
import { ModelRegistry } from './model-registry.service';
import { ModelSelection } from './model-selection.service';
import { ModelVersion } from './model-version.entity';
import { ModelsController } from './models.controller';
import { Models } from './models.service';

@Module({
  imports: [TypeOrmModule.forFeature([ModelVersion])],
  controllers: [ModelsController],
  providers: [ModelArtifacts, ModelRegistry, ModelSelection, Models],
  exports: [ModelArtifacts, ModelRegistry, ModelSelection],
})
export class ModelsModule {}
