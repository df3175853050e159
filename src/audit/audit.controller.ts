import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Roles } from '../http/access.decorators';
import { UuidParam } from '../http/uuid-param.decorator';
import { Audited } from './audited.decorator';
import { AuditEntryResponse, AuditPageResponse } from './audit-entry.response';
import { AuditReader } from './audit-reader.service';
import { AuditVerifier } from './audit-verifier.service';
import { ListAuditDto } from './list-audit.dto';
import { VerificationResponse } from './verification.response';
import { VerifyAuditDto } from './verify-audit.dto';

@ApiTags('Audit')
@Controller('audit')
export class AuditController {
  constructor(
    private readonly reader: AuditReader,
    private readonly verifier: AuditVerifier,
  ) {}

  /** Newest first. */
  @Get()
  @Roles('auditor')
  @Audited('audit.listed')
  @ApiOkResponse({ type: AuditPageResponse })
  list(@Query() query: ListAuditDto): Promise<AuditPageResponse> {
    return this.reader.list(query);
  }

  /** Re-hashes the stored entries and names the first that does not fit. */
  @Get('verify')
  @Roles('auditor')
  @Audited('audit.verified')
  @ApiOkResponse({ type: VerificationResponse })
  verify(@Query() query: VerifyAuditDto): Promise<VerificationResponse> {
    return this.verifier.verify(query);
  }

  @Get(':event_id')
  @Roles('auditor')
  @Audited('audit.read')
  @ApiOkResponse({ type: AuditEntryResponse })
  get(@UuidParam('event_id') eventId: string): Promise<AuditEntryResponse> {
    return this.reader.get(eventId);
  }
}
