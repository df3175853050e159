import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DomainError } from '../../errors/domain.error';
import { archivedSeq } from '../archive/archives';
import { AuditTrail } from '../audit-trail.service';
import { consistencyProof, inclusionProof, treeRoot } from '../merkle/merkle-tree';
import { StoredTree } from '../merkle/stored-tree';
import {
  checkpointsFrom,
  newestCheckpoint,
  noteWithCosignatures,
  type StoredCheckpoint,
} from './checkpoint-store';
import type { CheckpointDto, ConsistencyDto, InclusionDto } from './proof.dto';
import type { ConsistencyResponse, InclusionResponse } from './proof.response';

/** Checkpoints and the proofs that tie an entry, or an older checkpoint, to them. */
@Injectable()
export class CheckpointReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  /** The signed note, with the cosignature of the witness where there is one. */
  async note({ size }: CheckpointDto): Promise<string> {
    const db = this.dataSource.manager;
    const [checkpoint] = size === undefined ? [await this.newest()] : await checkpointsFrom(db, size, 1);
    if (checkpoint === undefined) throw new DomainError('AUDIT_CHECKPOINT_NOT_FOUND');
    this.describe({ size: checkpoint.size, root: checkpoint.root });
    return noteWithCosignatures(db, checkpoint);
  }

  async inclusion(eventId: string, { size }: InclusionDto): Promise<InclusionResponse> {
    this.trail.describe({ objectType: 'audit_entry', objectId: eventId });
    const seq = await this.seqOf(eventId);
    const newest = await this.newest();
    if (seq > newest.size)
      throw new DomainError('AUDIT_NOT_YET_SIGNED', undefined, { retryAfterSeconds: 10 });
    const treeSize = inRange('size', size ?? newest.size, seq, newest.size);
    const tree = new StoredTree(this.dataSource.manager);
    return {
      event_id: eventId,
      seq: String(seq),
      leaf_hash: base64(await tree.leaf(seq - 1)),
      size: treeSize,
      root_hash: base64(await treeRoot(treeSize, tree.subtree)),
      hashes: (await inclusionProof(seq - 1, treeSize, tree.subtree)).map(base64),
    };
  }

  async consistency({ from, to }: ConsistencyDto): Promise<ConsistencyResponse> {
    const newest = await this.newest();
    const newSize = inRange('to', to ?? newest.size, 1, newest.size);
    const oldSize = inRange('from', from ?? 0, 1, newSize);
    const { subtree } = new StoredTree(this.dataSource.manager);
    const root = await treeRoot(newSize, subtree);
    this.describe({ size: newSize, root });
    return {
      from: oldSize,
      to: newSize,
      from_root_hash: base64(await treeRoot(oldSize, subtree)),
      to_root_hash: base64(root),
      hashes: (await consistencyProof(oldSize, newSize, subtree)).map(base64),
    };
  }

  private async seqOf(eventId: string): Promise<number> {
    const [row] = await this.dataSource.query<{ seq: string }[]>(
      'SELECT seq FROM audit_logs WHERE event_id = $1',
      [eventId],
    );
    const seq = row ? Number(row.seq) : await archivedSeq(this.dataSource.manager, eventId);
    if (seq === undefined) throw new DomainError('AUDIT_ENTRY_NOT_FOUND');
    return seq;
  }

  private async newest(): Promise<StoredCheckpoint> {
    const newest = await newestCheckpoint(this.dataSource.manager);
    if (newest === undefined) throw new DomainError('AUDIT_CHECKPOINT_NOT_FOUND');
    return newest;
  }

  private describe({ size, root }: { size: number; root: Buffer }): void {
    this.trail.describe({
      objectType: 'audit_checkpoint',
      details: { checkpoint_size: String(size), root_hash: base64(root) },
    });
  }
}

const base64 = (hash: Buffer): string => hash.toString('base64');

function inRange(field: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  const message = `must be from ${least} to ${most}`;
  throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field, message }] });
}
