import { type KeyObject, sign, verify } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CheckpointConfig } from '../../config/checkpoint.config';
import { SecretsConfig } from '../../config/secrets.config';
import type { AuditDetails } from '../audit-details';
import { readEntry } from '../audit-entry';
import { formatNoteKey, noteKey, type NoteKey, noteKeyOf, rawKey } from '../note/note-key';
import { type SignedNote, checkSignature, signNote } from '../note/signed-note';

/** From entry `fromSeq` on, `key` signs in place of the one before. */
interface Rotation {
  readonly fromSeq: number;
  readonly previous: NoteKey;
  readonly key: NoteKey;
}

/** The keys of this log in the order in which they were in force. */
export class KeyHistory {
  constructor(
    private readonly first: NoteKey,
    private readonly rotations: readonly Rotation[],
  ) {}

  /** The key that signs checkpoints of this size. */
  at(size: number): NoteKey {
    return this.rotations.findLast(({ fromSeq }) => fromSeq <= size)?.key ?? this.first;
  }

  get current(): NoteKey {
    return this.rotations.at(-1)?.key ?? this.first;
  }

  get all(): readonly NoteKey[] {
    return [this.first, ...this.rotations.map(({ key }) => key)];
  }

  knows(key: NoteKey): boolean {
    return this.all.some((known) => isSame(known, key));
  }
}

/** This installation's signing key, and what the log says of the keys before it. */
@Injectable()
export class CheckpointKeys {
  readonly own: NoteKey;
  readonly origin: string;
  private readonly signers: ReadonlyMap<NoteKey, KeyObject>;
  private readonly previous?: NoteKey;

  constructor(secrets: SecretsConfig, config: CheckpointConfig) {
    this.origin = config.origin;
    this.own = noteKey(this.origin, 0x01, secrets.auditSigningKey);
    const signers = new Map([[this.own, secrets.auditSigningKey]]);
    if (secrets.previousAuditSigningKey !== undefined) {
      this.previous = noteKey(this.origin, 0x01, secrets.previousAuditSigningKey);
      signers.set(this.previous, secrets.previousAuditSigningKey);
    }
    this.signers = signers;
  }

  /** The keys given to this process. */
  get configured(): readonly NoteKey[] {
    return [...this.signers.keys()];
  }

  /** @param newest signed checkpoint, by which a key is known that no entry speaks of yet */
  async history(db: EntityManager, newest?: SignedNote): Promise<KeyHistory> {
    const rows = await db.query<{ seq: string; canonical: string }[]>(
      `SELECT seq, canonical FROM audit_logs WHERE action = 'key.rotated' ORDER BY audit_logs.seq`,
    );
    const rotations = rows.flatMap(({ seq, canonical }) => {
      return this.rotationOf(Number(seq), detailsOf(canonical)) ?? [];
    });
    const mentioned = rotations.some(
      ({ previous, key }) => isSame(previous, this.own) || isSame(key, this.own),
    );
    return linkedTo(mentioned ? this.own : this.signerOf(newest), rotations);
  }

  /** Signature lines of every key given to this process that the log knows: while it changes, both sign. */
  sign(text: string, history: KeyHistory): string {
    return [...this.signers]
      .filter(([key]) => history.knows(key))
      .map(([key, privateKey]) => signNote(text, key, privateKey))
      .join('');
  }

  /** What an entry says when the previous key hands over to this one; undefined when it cannot. */
  handover(current: NoteKey): AuditDetails | undefined {
    const previousKey = this.previous && this.signers.get(this.previous);
    if (this.previous === undefined || previousKey === undefined || !isSame(this.previous, current)) {
      return undefined;
    }
    const statement = Buffer.from(rotationStatement(this.origin, this.previous, this.own));
    return {
      previous_key_id: rawKey(this.previous.publicKey).toString('base64'),
      key_id: rawKey(this.own.publicKey).toString('base64'),
      previous_signature: sign(null, statement, previousKey).toString('base64'),
      signature: sign(null, statement, this.signers.get(this.own)!).toString('base64'),
    };
  }

  /** Undefined for an entry about another kind of key, or one that both keys did not sign: it changes nothing. */
  private rotationOf(fromSeq: number, details: AuditDetails): Rotation | undefined {
    const previous = noteKeyOf(this.origin, 0x01, details.previous_key_id);
    const key = noteKeyOf(this.origin, 0x01, details.key_id);
    if (previous === undefined || key === undefined) return undefined;
    const statement = Buffer.from(rotationStatement(this.origin, previous, key));
    const signedBy = (signer: NoteKey, signature = ''): boolean =>
      verify(null, statement, signer.publicKey, Buffer.from(signature, 'base64'));
    return signedBy(previous, details.previous_signature) && signedBy(key, details.signature)
      ? { fromSeq, previous, key }
      : undefined;
  }

  private signerOf(newest: SignedNote | undefined): NoteKey {
    const { own, previous } = this;
    if (newest === undefined || previous === undefined || checkSignature(newest, own) === 'valid') return own;
    return checkSignature(newest, previous) === 'valid' ? previous : own;
  }
}

/** An entry that does not say what a change of keys says changes none, whatever column it is filed under. */
function detailsOf(canonical: string): AuditDetails {
  const details = Object.entries(readEntry(canonical)?.details ?? {});
  return Object.fromEntries(details.filter(([, value]) => typeof value === 'string'));
}

const isSame = (a: NoteKey, b: NoteKey): boolean => a.publicKey.equals(b.publicKey);

/**
 * The rotations that lead to `trusted` and on from it. Others are signed by keys that nobody here has vouched for:
 * whoever can write an entry could invent them.
 */
function linkedTo(trusted: NoteKey, rotations: readonly Rotation[]): KeyHistory {
  const before: Rotation[] = [];
  let first = trusted;
  for (const rotation of rotations.toReversed()) {
    if (!isSame(rotation.key, first)) continue;
    before.unshift(rotation);
    first = rotation.previous;
  }
  const after: Rotation[] = [];
  let last = trusted;
  for (const rotation of rotations) {
    if (!isSame(rotation.previous, last) || before.some(({ fromSeq }) => fromSeq >= rotation.fromSeq))
      continue;
    after.push(rotation);
    last = rotation.key;
  }
  return new KeyHistory(first, [...before, ...after]);
}

/** What both keys sign. */
const rotationStatement = (origin: string, previous: NoteKey, key: NoteKey): string =>
  `medai-flow audit key rotation v1\n${origin}\n${formatNoteKey(previous)}\n${formatNoteKey(key)}\n`;
