import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Roles } from '../../http/access.decorators';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { Audited } from '../audited.decorator';
import { CheckpointReader } from './checkpoint-reader.service';
import { CheckpointDto, ConsistencyDto, InclusionDto } from './proof.dto';
import { ConsistencyResponse, InclusionResponse } from './proof.response';

@ApiTags('Audit')
@Controller('audit')
export class CheckpointController {
  constructor(private readonly reader: CheckpointReader) {}

  /** The newest checkpoint, a signed note (C2SP tlog-checkpoint) with the witness's cosignature. Keep it. */
  @ApiOperation({ summary: 'The latest signed checkpoint of the audit log' })
  @Get('checkpoint')
  @Roles(...MAY.audit)
  @Audited('audit.checkpoint_read')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  checkpoint(@Query() query: CheckpointDto): Promise<string> {
    return this.reader.note(query);
  }

  /** Proof that the log of an older checkpoint is the beginning of that of a newer one. */
  @ApiOperation({ summary: 'Proof that one checkpoint continues another' })
  @Get('consistency')
  @Roles(...MAY.audit)
  @Audited('audit.proof_read')
  @ApiOkResponse({ type: ConsistencyResponse })
  consistency(@Query() query: ConsistencyDto): Promise<ConsistencyResponse> {
    return this.reader.consistency(query);
  }

  /** Proof that an entry is in the tree that a checkpoint signs. */
  @ApiOperation({ summary: 'Proof that an entry is in the log' })
  @Get('inclusion/:event_id')
  @Roles(...MAY.audit)
  @Audited('audit.proof_read')
  @ApiOkResponse({ type: InclusionResponse })
  inclusion(
    @UuidParam('event_id') eventId: string,
    @Query() query: InclusionDto,
  ): Promise<InclusionResponse> {
    return this.reader.inclusion(eventId, query);
  }
}
