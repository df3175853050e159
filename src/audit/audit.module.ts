import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditController } from './audit.controller';
import { AuditInterceptor } from './audit.interceptor';
import { AuditLog } from './audit-log.entity';
import { AuditReader } from './audit-reader.service';
import { AuditSequencer } from './sequencer/audit-sequencer';
import { AuditTrail } from './audit-trail.service';
import { AuditVerifier } from './audit-verifier.service';

/** Global: every module that changes or shows something records it here. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditLog])],
  controllers: [AuditController],
  providers: [AuditInterceptor, AuditTrail, AuditReader, AuditVerifier, AuditSequencer],
  exports: [AuditInterceptor, AuditTrail, AuditReader],
})
export class AuditModule {}
