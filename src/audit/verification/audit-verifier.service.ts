import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type AuditFacts, AuditTrail } from '../audit-trail.service';
import { auditVerifications } from '../audit.metrics';
import { AnchoredSizes } from '../checkpoint/anchored-sizes';
import { CheckpointKeys } from '../checkpoint/checkpoint-keys';
import { cutOff, NDJSON } from '../export/ndjson';
import { TrailWalk } from './trail-walk';
import type { VerificationResponse } from './verification.response';
import { assertRange, type VerifyAuditDto } from './verify-audit.dto';

const PROGRESS_MS = 1_000;

/** Verifies what is stored against itself and against the signed checkpoints. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: CheckpointKeys,
    private readonly anchored: AnchoredSizes,
    private readonly trail: AuditTrail,
  ) {}

  /** @param streamed lines `{progress: …}` while it goes on, and a last one `{result: …}` */
  async verify(query: VerifyAuditDto, streamed: boolean): Promise<VerificationResponse | StreamableFile> {
    assertRange(query);
    const walk = await TrailWalk.begin(this.dataSource.manager, this.keys, query.from_seq ?? 1, query.to_seq);
    if (streamed) return this.stream(walk);
    const verdict = await this.judge(walk);
    this.trail.describe(factsOf(verdict));
    return verdict;
  }

  /** The entry of the request is committed before the first line, so the verdict has one of its own. */
  private stream(walk: TrailWalk): StreamableFile {
    this.trail.describe({
      objectType: 'audit_entry',
      details: { first_seq: String(walk.first), last_seq: String(walk.end) },
    });
    const within = AsyncLocalStorage.snapshot();
    const record = (verdict: VerificationResponse): Promise<void> =>
      within(() => this.trail.record(this.dataSource.manager, 'audit.verified', factsOf(verdict)));
    const lines = Readable.from(this.lines(walk, record), { objectMode: false });
    return new StreamableFile(lines, { type: NDJSON }).setErrorHandler(cutOff);
  }

  private async *lines(
    walk: TrailWalk,
    record: (verdict: VerificationResponse) => Promise<void>,
  ): AsyncGenerator<string> {
    const leaving = new AbortController();
    const verdict = this.judge(walk, leaving.signal);
    verdict.catch(() => undefined); // whoever waits for it is told
    try {
      for (;;) {
        const result = await Promise.race([verdict, sleep(PROGRESS_MS, undefined, leaving)]);
        if (result === undefined) {
          yield line({
            progress: { entries: walk.entries, last_seq: String(walk.last), of: String(walk.end) },
          });
          continue;
        }
        await record(result);
        yield line({ result });
        return;
      }
    } finally {
      leaving.abort(); // also when the caller goes away
    }
  }

  private async judge(walk: TrailWalk, signal?: AbortSignal): Promise<VerificationResponse> {
    const problem = (await walk.follow(signal)) ?? (walk.reachesHead ? await this.anchored.problem() : null);
    auditVerifications.inc({ result: problem?.class ?? 'valid' });
    return {
      valid: problem === null,
      entries: walk.entries,
      archived: walk.archivedEntries,
      first_seq: String(walk.first),
      last_seq: String(walk.last),
      checkpoint_size: walk.checkpointSize,
      problem,
    };
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const factsOf = ({ valid, first_seq, last_seq, problem }: VerificationResponse): AuditFacts => ({
  objectType: 'audit_entry',
  details: { valid, first_seq, last_seq, ...(problem && { problem: problem.class }) },
});
