import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CheckpointConfig } from '../../config/checkpoint.config';
import { SEQUENCER_DATA_SOURCE } from '../../database/database.module';
import { AuditTrail } from '../audit-trail.service';
import type { AuditProblem } from '../verification/chain-verification';
import type { TreeHead } from '../merkle/merkle-proof';
import { formatNoteKey } from '../note/note-key';
import { CheckpointKeys } from './checkpoint-keys';
import { CheckpointRefused, KeyOutOfTurn, makeCheckpoint, type SigningOutcome } from './checkpoint-maker';
import { CheckpointPublisher, OutsideDisagrees } from './checkpoint-publisher';
import {
  MalformedCheckpoint,
  newestCheckpoint,
  type PublicationTarget,
  type StoredCheckpoint,
} from './checkpoint-store';
import { checkpointRefusals, checkpointSize, checkpointTime } from './checkpoint.metrics';

/** Transaction advisory lock: one replica signs at a time, and each may be the next. The primary key is the last fence. */
const CHECKPOINT_LOCK = 7_202_613;

export interface CheckpointState {
  /** Why nothing is signed: the trail in the database is not the one that was signed before. */
  readonly problem: AuditProblem | null;
  /** Whether this process's key signs now, takes over, has handed over, or is one that nobody has vouched for. */
  readonly key: 'in_force' | 'taking_over' | 'retired' | 'not_handed_over';
  readonly unreached: readonly PublicationTarget[];
}

const SIGNING: CheckpointState = { problem: null, key: 'in_force', unreached: [] };

/** Signs a checkpoint within some seconds after an entry was chained, and hands it out of the database's reach. */
@Injectable()
export class Checkpointer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Checkpointer');
  private readonly stop = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private current: CheckpointState = SIGNING;
  /** The newest heads this replica has seen, in the database and at the anchor: what it will not sign against. */
  private remembered: readonly TreeHead[] = [];
  private anchorIsRead = false;

  constructor(
    @Inject(SEQUENCER_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly config: CheckpointConfig,
    private readonly keys: CheckpointKeys,
    private readonly publisher: CheckpointPublisher,
    private readonly trail: AuditTrail,
  ) {}

  get state(): CheckpointState {
    return this.current;
  }

  onApplicationBootstrap(): void {
    this.logger.log({ event: 'audit.signing_key', verifier_key: formatNoteKey(this.keys.own) });
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await this.loop;
  }

  /** Signs what is new, then publishes what the targets have not taken yet. */
  async round(): Promise<void> {
    try {
      await this.rememberAnchor();
      let signed: SigningOutcome;
      do {
        signed = await this.sign();
        if (signed.newest !== undefined) this.note(signed.newest, signed.isNew);
      } while (signed.isBehind && !this.stop.signal.aborted);
      const unreached = signed.newest ? await this.publisher.publish(signed.newest) : [];
      this.become({ ...SIGNING, unreached });
    } catch (error) {
      this.become(this.stateAfter(error));
      if (error instanceof KeyOutOfTurn) await this.handOver(error);
    }
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await this.round().catch((error: unknown) =>
        this.logger.warn({ event: 'audit.checkpoint_failed', cause_code: (error as { code?: string }).code }),
      );
      await sleep(this.config.intervalSeconds * 1000, undefined, { signal: this.stop.signal }).catch(
        () => undefined,
      );
    }
  }

  private sign(): Promise<SigningOutcome> {
    return this.dataSource.transaction('READ COMMITTED', async (db) => {
      const [lock] = await db.query<{ held: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS held', [
        CHECKPOINT_LOCK,
      ]);
      if (lock?.held !== true) return { newest: await newestCheckpoint(db), isNew: false, isBehind: false };
      return makeCheckpoint(db, this.keys, this.remembered);
    });
  }

  private note(newest: StoredCheckpoint, isNew: boolean): void {
    this.remembered = [newest];
    checkpointSize.set(newest.size);
    checkpointTime.set(newest.signedAt.getTime() / 1000);
    if (isNew) this.logger.log({ event: 'audit.checkpoint_signed', size: newest.size, note: newest.note });
  }

  /** An anchor that cannot be reached, which the publication tells, is asked again next time; signing goes on. */
  private async rememberAnchor(): Promise<void> {
    if (this.anchorIsRead) return;
    try {
      const head = await this.publisher.anchoredHead(this.keys.origin, this.keys.own);
      if (head !== undefined) this.remembered = [...this.remembered, head];
      this.anchorIsRead = true;
    } catch {
      this.logger.warn({ event: 'audit.anchor_not_read' });
    }
  }

  private stateAfter(error: unknown): CheckpointState {
    if (error instanceof CheckpointRefused || error instanceof MalformedCheckpoint)
      return { ...SIGNING, problem: error.problem };
    if (error instanceof OutsideDisagrees) {
      const problem = { class: 'fork', seq: String(error.size), detail: error.message } as const;
      return { ...SIGNING, problem };
    }
    if (error instanceof KeyOutOfTurn) return { ...SIGNING, key: this.turnOf(error) };
    throw error;
  }

  private turnOf({ retired, history }: KeyOutOfTurn): CheckpointState['key'] {
    if (retired) return 'retired';
    return this.keys.handover(history.current) === undefined ? 'not_handed_over' : 'taking_over';
  }

  private become(state: CheckpointState): void {
    const { problem, key } = state;
    if (problem !== null) checkpointRefusals.inc({ class: problem.class });
    if (problem !== null && problem.detail !== this.current.problem?.detail)
      this.logger.error({ event: 'audit.checkpoint_refused', class: problem.class, seq: problem.seq });
    if (key !== 'in_force' && key !== this.current.key)
      this.logger.error({ event: 'audit.signing_key_out_of_turn', state: key });
    this.current = state;
  }

  /** AUDIT_SIGNING_KEY_PREVIOUS signs over to AUDIT_SIGNING_KEY: an entry that the next round reads. */
  private async handOver({ history }: KeyOutOfTurn): Promise<void> {
    const details = this.keys.handover(history.current);
    if (details === undefined) return;
    await this.dataSource.transaction(async (db) => {
      const [row] = await db.query<{ waits: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock($1) AND NOT EXISTS
           (SELECT FROM audit_inbox WHERE canonical LIKE '%"action":"key.rotated"%') AS waits`,
        [CHECKPOINT_LOCK],
      );
      if (row?.waits !== true) return;
      await this.trail.record(db, 'key.rotated', {
        objectType: 'signing_key',
        objectId: details.key_id,
        details,
      });
    });
  }
}
