import { Controller, Get, Query, Req, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Roles } from '../http/access.decorators';
import { MAY } from '../http/role-matrix';
import { UuidParam } from '../http/uuid-param.decorator';
import { Audited } from './audited.decorator';
import { AuditEntryResponse, AuditPageResponse } from './audit-entry.response';
import { AuditExport } from './export/audit-export.service';
import { AuditReader } from './audit-reader.service';
import { NDJSON } from './export/ndjson';
import { GetAuditEntryDto } from './fhir/get-audit-entry.dto';
import { ListAuditDto } from './list-audit.dto';
import { AuditVerifier } from './verification/audit-verifier.service';
import { VerificationResponse } from './verification/verification.response';
import { VerifyAuditDto } from './verification/verify-audit.dto';

@ApiTags('Audit')
@Controller('audit')
export class AuditController {
  constructor(
    private readonly reader: AuditReader,
    private readonly verifier: AuditVerifier,
    private readonly exporter: AuditExport,
  ) {}

  /** Newest first. */
  @ApiOperation({ summary: 'List audit entries' })
  @Get()
  @Roles(...MAY.audit)
  @Audited('audit.listed')
  @ApiOkResponse({ type: AuditPageResponse })
  list(@Query() query: ListAuditDto): Promise<AuditPageResponse> {
    return this.reader.list(query);
  }

  /**
   * Re-hashes the stored entries, compares them with the signed checkpoints and names the first that does not fit. With
   * `Accept: application/x-ndjson` a line `{"progress":…}` comes every second while it goes on, and a last one `{"result":…}`.
   */
  @ApiOperation({ summary: 'Verify the audit chain' })
  @Get('verify')
  @Roles(...MAY.audit)
  @Audited('audit.verified')
  @ApiProduces('application/json', NDJSON)
  @ApiOkResponse({ type: VerificationResponse })
  verify(
    @Query() query: VerifyAuditDto,
    @Req() request: Request,
  ): Promise<VerificationResponse | StreamableFile> {
    return this.verifier.verify(query, request.accepts(['application/json', NDJSON]) === NDJSON);
  }

  /** A line an entry, with the exact text that was hashed: what the offline verifier reads. */
  @ApiOperation({ summary: 'Export entries for verification offline' })
  @Get('entries')
  @Roles(...MAY.audit)
  @Audited('audit.exported')
  @ApiProduces(NDJSON)
  @ApiOkResponse({ schema: { type: 'string' } })
  entries(@Query() query: VerifyAuditDto): Promise<StreamableFile> {
    return this.exporter.entries(query);
  }

  /** `?format=fhir` gives it as an R4 AuditEvent (`application/fhir+json`) after IHE BALP. */
  @ApiOperation({ summary: 'Read an audit entry, also as FHIR AuditEvent' })
  @Get(':event_id')
  @Roles(...MAY.audit)
  @Audited('audit.read')
  @ApiProduces('application/json', 'application/fhir+json')
  @ApiOkResponse({ type: AuditEntryResponse })
  get(
    @UuidParam('event_id') eventId: string,
    @Query() { format }: GetAuditEntryDto,
  ): Promise<AuditEntryResponse | StreamableFile> {
    return this.reader.get(eventId, format);
  }
}
