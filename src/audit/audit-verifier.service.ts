import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from './audit-trail.service';
import { CHAIN_START, type ChainedRow, type ChainPosition, followChain } from './audit-verification';
import type { VerificationResponse } from './verification.response';
import type { VerifyAuditDto } from './verify-audit.dto';

const ROWS_AT_ONCE = 1_000;

/** Verifies the chain from what is stored, in constant memory. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  async verify({ from_seq, to_seq }: VerifyAuditDto): Promise<VerificationResponse> {
    const first = BigInt(from_seq ?? 1);
    const last = to_seq === undefined ? await this.headSeq() : BigInt(to_seq);
    const verdict = await this.follow(first, last);
    const { valid } = verdict;
    this.trail.describe({
      objectType: 'audit_entry',
      details: { valid, first_seq: verdict.first_seq, last_seq: verdict.last_seq },
    });
    return verdict;
  }

  private async follow(first: bigint, last: bigint): Promise<VerificationResponse> {
    let position = await this.positionBefore(first);
    const startedAt = position.seq;
    for (;;) {
      const rows = await this.rowsAfter(position.seq, last);
      const next = followChain(position, rows);
      const broken = 'class' in next;
      const missing = !broken && rows.length === 0 && next.seq < last;
      if (broken || missing || rows.length === 0) {
        const problem = broken ? next : missing ? gapAt(next.seq + 1n) : null;
        const reached = broken ? BigInt(next.seq) - 1n : next.seq;
        return {
          valid: problem === null,
          entries: Number(reached - startedAt),
          first_seq: String(startedAt + 1n),
          last_seq: String(reached),
          checkpoint_size: null,
          problem,
        };
      }
      position = next;
    }
  }

  private async positionBefore(first: bigint): Promise<ChainPosition> {
    if (first <= 1n) return CHAIN_START;
    const [row] = await this.rowsAfter(first - 2n, first - 1n);
    return row === undefined ? CHAIN_START : { seq: BigInt(row.seq), hash: row.entry_hash };
  }

  private rowsAfter(seq: bigint, last: bigint): Promise<ChainedRow[]> {
    return this.dataSource.query<ChainedRow[]>(
      `SELECT seq, canonical, entry_hash, previous_hash FROM audit_logs
       WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
      [String(seq), String(last)],
    );
  }

  private async headSeq(): Promise<bigint> {
    const [row] = await this.dataSource.query<{ seq: string | null }[]>(
      'SELECT max(seq) AS seq FROM audit_logs',
    );
    return BigInt(row?.seq ?? 0);
  }
}

const gapAt = (seq: bigint): VerificationResponse['problem'] => ({
  class: 'gap',
  seq: String(seq),
  detail: `entry ${seq} is missing`,
});
