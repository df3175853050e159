import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CheckpointConfig } from '../../config/checkpoint.config';
import { StartupError } from '../../config/startup.error';
import { SEQUENCER_DATA_SOURCE } from '../../database/database.module';
import type { TreeHead } from '../merkle/merkle-proof';
import { consistencyProof } from '../merkle/merkle-tree';
import { StoredTree } from '../merkle/stored-tree';
import { Anchor } from '../anchor/anchor';
import { DirectoryStore } from '../anchor/directory-store';
import { ObjectStore } from '../anchor/object-store';
import type { NoteKey } from '../note/note-key';
import {
  checkpointsFrom,
  noteWithCosignatures,
  publishedSize,
  type PublicationTarget,
  recordPublication,
  type StoredCheckpoint,
} from './checkpoint-store';
import { parseCheckpointText } from '../note/checkpoint-text';
import { publicationFailures } from './checkpoint.metrics';
import { parseNoteKey } from '../note/note-key';
import { checkSignature, parseNote } from '../note/signed-note';
import { type WitnessAnswer, WitnessClient } from './witness-client';

/** After an outage the rest follows with the next checkpoints, which must not wait for it. */
const NOTES_A_ROUND = 200;

/** Somebody outside the database holds another history than the database does. */
export class OutsideDisagrees extends Error {
  constructor(
    readonly target: PublicationTarget,
    readonly size: number,
  ) {
    super(`the ${target} holds a checkpoint of this log that does not fit (size ${size})`);
  }
}

/** Hands signed checkpoints to the witness and the anchor. What fails is tried again in the next round. */
@Injectable()
export class CheckpointPublisher {
  readonly targets: readonly PublicationTarget[];
  private readonly logger = new Logger('CheckpointPublisher');
  private readonly anchor?: Anchor;
  private readonly witness?: WitnessClient;

  constructor(
    @Inject(SEQUENCER_DATA_SOURCE) private readonly dataSource: DataSource,
    config: CheckpointConfig,
  ) {
    if (config.anchor !== undefined)
      this.anchor = new Anchor(
        typeof config.anchor === 'string'
          ? new DirectoryStore(config.anchor)
          : new ObjectStore(config.anchor),
      );
    if (config.witness !== undefined)
      this.witness = new WitnessClient(config.witness.url, witnessKey(config.witness.key));
    this.targets = [
      ...(this.witness ? ['witness' as const] : []),
      ...(this.anchor ? ['anchor' as const] : []),
    ];
  }

  /**
   * @param newest checkpoint that is stored
   * @returns the targets that could not be reached
   * @throws OutsideDisagrees
   */
  async publish(newest: StoredCheckpoint): Promise<PublicationTarget[]> {
    const failed: PublicationTarget[] = [];
    for (const target of this.targets) {
      try {
        await (target === 'witness' ? this.toWitness(newest) : this.toAnchor(this.anchor!));
      } catch (error) {
        if (error instanceof OutsideDisagrees) throw error;
        failed.push(target);
        publicationFailures.inc({ target });
        const { name, code } = error as Error & { code?: string };
        this.logger.warn({ event: 'audit.publication_failed', target, cause: name, cause_code: code });
      }
    }
    return failed;
  }

  /** The newest checkpoint that the anchor holds and this log's key has signed: it survives what the database forgets. */
  async anchoredHead(origin: string, key: NoteKey): Promise<TreeHead | undefined> {
    const note = await this.anchor?.newest();
    const signed = note === undefined ? undefined : parseNote(note);
    const text = signed && parseCheckpointText(signed.text);
    if (signed === undefined || text?.origin !== origin) return undefined;
    return checkSignature(signed, key) === 'valid' ? text : undefined;
  }

  private async toAnchor(anchor: Anchor): Promise<void> {
    const db = this.dataSource.manager;
    const from = (await publishedSize(db, 'anchor')) + 1;
    for (const checkpoint of await checkpointsFrom(db, from, NOTES_A_ROUND)) {
      const { size } = checkpoint;
      if (!(await anchor.keep(size, await noteWithCosignatures(db, checkpoint))))
        throw new OutsideDisagrees('anchor', size);
      await recordPublication(db, 'anchor', size);
    }
  }

  private async toWitness(newest: StoredCheckpoint): Promise<void> {
    const known = await publishedSize(this.dataSource.manager, 'witness');
    if (known === newest.size) return;
    let answer = await this.submit(newest, known);
    if (answer.kind === 'conflict') {
      if (answer.size > newest.size) throw new OutsideDisagrees('witness', answer.size);
      answer = await this.submit(newest, answer.size);
    }
    if (answer.kind === 'inconsistent') throw new OutsideDisagrees('witness', newest.size);
    if (answer.kind === 'conflict') throw new Error('the witness changed its mind');
    await recordPublication(this.dataSource.manager, 'witness', newest.size, answer.lines);
  }

  private async submit({ size, note }: StoredCheckpoint, oldSize: number): Promise<WitnessAnswer> {
    const { subtree } = new StoredTree(this.dataSource.manager);
    const proof = oldSize === 0 ? [] : await consistencyProof(oldSize, size, subtree);
    return this.witness!.addCheckpoint({ oldSize, proof, note });
  }
}

function witnessKey(text: string): NoteKey {
  const key = parseNoteKey(text);
  if (key?.type === 0x04) return key;
  throw new StartupError(
    'AUDIT_WITNESS_KEY: expected the verifier key of an Ed25519 witness (C2SP tlog-cosignature): name+id+base64',
  );
}
