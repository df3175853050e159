import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../audit-trail.service';
import { auditVerifications } from '../audit.metrics';
import { AnchoredSizes } from '../checkpoint/anchored-sizes';
import { CheckpointKeys } from '../checkpoint/checkpoint-keys';
import { TrailWalk } from './trail-walk';
import type { VerificationResponse } from './verification.response';
import type { VerifyAuditDto } from './verify-audit.dto';

/** Verifies what is stored against itself and against the signed checkpoints. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: CheckpointKeys,
    private readonly anchored: AnchoredSizes,
    private readonly trail: AuditTrail,
  ) {}

  async verify({ from_seq, to_seq }: VerifyAuditDto): Promise<VerificationResponse> {
    const walk = await TrailWalk.begin(this.dataSource.manager, this.keys, from_seq ?? 1, to_seq);
    const problem = (await walk.follow()) ?? (walk.reachesHead ? await this.anchored.problem() : null);
    auditVerifications.inc({ result: problem?.class ?? 'valid' });
    const verdict = {
      valid: problem === null,
      entries: walk.entries,
      archived: walk.archivedEntries,
      first_seq: String(walk.first),
      last_seq: String(walk.last),
      checkpoint_size: walk.checkpointSize,
      problem,
    };
    this.trail.describe({
      objectType: 'audit_entry',
      details: {
        valid: verdict.valid,
        first_seq: verdict.first_seq,
        last_seq: verdict.last_seq,
        ...(problem && { problem: problem.class }),
      },
    });
    return verdict;
  }
}
