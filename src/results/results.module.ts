import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ResultExport } from './export/result-export.service';
import { InferenceResult } from './inference-result.entity';
import { ResultList } from './list/result-list.service';
import { Pseudonyms } from './pseudonyms';
import { LegalHoldsController } from './retention/legal-holds.controller';
import { LegalHolds } from './retention/legal-holds.service';
import { RetentionSweep } from './retention/retention-sweep.service';
import { ResultRecorder } from './result-recorder.service';
import { Rekeying } from './rekeying/rekeying.service';
import { ResultUpkeep } from './result-upkeep.service';
import { ResultsController } from './results.controller';
import { Results } from './results.service';
import { Reviews } from './review/reviews.service';
import { ValidationResult } from './validation-result.entity';

@Module({
  imports: [TypeOrmModule.forFeature([InferenceResult, ValidationResult])],
  controllers: [ResultsController, LegalHoldsController],
  providers: [
    ResultExport,
    Reviews,
    Pseudonyms,
    ResultRecorder,
    ResultList,
    Results,
    LegalHolds,
    RetentionSweep,
    Rekeying,
    ResultUpkeep,
  ],
  exports: [ResultRecorder, Results],
})
export class ResultsModule {}
