import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditExport } from './export/audit-export.service';
import { AuditController } from './audit.controller';
import { AuditHealth } from './audit-health.service';
import { AuditInterceptor } from './audit.interceptor';
import { AuditLog } from './audit-log.entity';
import { AuditReader } from './audit-reader.service';
import { AuditBacklog } from './sequencer/audit-backlog.service';
import { AuditSequencer } from './sequencer/audit-sequencer';
import { AuditTrail } from './audit-trail.service';
import { AnchoredSizes } from './checkpoint/anchored-sizes';
import { CheckpointController } from './checkpoint/checkpoint.controller';
import { CheckpointKeys } from './checkpoint/checkpoint-keys';
import { CheckpointPublisher } from './checkpoint/checkpoint-publisher';
import { CheckpointReader } from './checkpoint/checkpoint-reader.service';
import { Checkpointer } from './checkpoint/checkpointer.service';
import { ElectronicSignatures } from './signature/electronic-signature';
import { SignatureKeys } from './signature/signature-keys';
import { SystemEvents } from './system/system-events.service';
import { AuditVerifier } from './verification/audit-verifier.service';

/** Global: every module that changes or shows something records it here. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditLog])],
  controllers: [CheckpointController, AuditController], // in this order: GET /audit/{event_id} would take any name
  providers: [
    AuditInterceptor,
    AuditTrail,
    AuditReader,
    AuditHealth,
    AuditExport,
    AuditVerifier,
    AuditSequencer,
    AuditBacklog,
    SystemEvents,
    AnchoredSizes,
    CheckpointKeys,
    CheckpointPublisher,
    CheckpointReader,
    Checkpointer,
    SignatureKeys,
    ElectronicSignatures,
  ],
  exports: [AuditInterceptor, AuditTrail, AuditReader, ElectronicSignatures],
})
export class AuditModule {}
