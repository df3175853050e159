import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { AuditTrail } from '../../src/audit/audit-trail.service';
import { chainNextBatch } from '../../src/audit/sequencer/audit-batch';
import { AnchoredSizes } from '../../src/audit/checkpoint/anchored-sizes';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
import { CheckpointPublisher } from '../../src/audit/checkpoint/checkpoint-publisher';
import { Checkpointer } from '../../src/audit/checkpoint/checkpointer.service';
import { newestCheckpoint, noteWithCosignatures } from '../../src/audit/checkpoint/checkpoint-store';
import { isConsistent, rootFromInclusion } from '../../src/audit/merkle/merkle-proof';
import { consistencyProof, inclusionProof, treeRoot } from '../../src/audit/merkle/merkle-tree';
import { leafHash, perfectRoot } from '../../src/audit/merkle/merkle-hash';
import { Frontier } from '../../src/audit/merkle/frontier';
import { StoredTree } from '../../src/audit/merkle/stored-tree';
import { parseNoteKey } from '../../src/audit/note/note-key';
import { checkSignature, parseNote, signNote } from '../../src/audit/note/signed-note';
import { ElectronicSignatures, type SignableRecord } from '../../src/audit/signature/electronic-signature';
import { type ElectronicSignature } from '../../src/audit/signature/electronic-signature.entity';
import { SignatureKeys } from '../../src/audit/signature/signature-keys';
import { loadConfiguration } from '../../src/config/configuration';
import type { Signatory } from '../../src/http/reauthentication';
import { type AuditDatabase, createAuditDatabase, ed25519Pem, rechain } from '../harness/audit-log';
import { startS3Server } from '../harness/s3-server';
import { temporaryDirectory } from '../harness/temporary-directory';
import { startWitness, type Witness } from '../harness/witness';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

const ORIGIN = 'audit.example/test';
const KEY = ed25519Pem();
const DATA_DIR = temporaryDirectory();

let database: AuditDatabase;
beforeEach(async () => {
  database = await createAuditDatabase();
});
afterEach(() => database.drop());

/** What a replica with these variables runs; its rounds are called by hand. */
function replica(variables: Record<string, string> = {}): {
  checkpointer: Checkpointer;
  anchored: AnchoredSizes;
} {
  const { checkpoints, secrets } = loadConfiguration({
    DATA_DIR,
    AUDIT_ORIGIN: ORIGIN,
    AUDIT_SIGNING_KEY: KEY,
    ...variables,
  });
  const { dataSource } = database;
  const keys = new CheckpointKeys(secrets, checkpoints);
  const publisher = new CheckpointPublisher(dataSource, checkpoints);
  const trail = new AuditTrail(dataSource);
  return {
    checkpointer: new Checkpointer(dataSource, checkpoints, keys, publisher, trail),
    anchored: new AnchoredSizes(dataSource, publisher),
  };
}

const sizes = async (): Promise<number[]> =>
  (
    await database.dataSource.query<{ size: string }[]>('SELECT size FROM audit_checkpoints ORDER BY size')
  ).map(({ size }) => Number(size));

const keyOf = (pem: string): CheckpointKeys =>
  new CheckpointKeys(
    loadConfiguration({ DATA_DIR, AUDIT_SIGNING_KEY: pem }).secrets,
    loadConfiguration({ DATA_DIR, AUDIT_ORIGIN: ORIGIN }).checkpoints,
  );

/** An anchor as an outsider sees it. */
interface TestAnchor {
  /** For AUDIT_ANCHOR. */
  readonly variable: string;
  read(name: string): string | undefined;
  write(name: string, content: string): void;
  hide(name: string): void;
  stop(): Promise<void>;
}

function directoryAnchor(): TestAnchor {
  const variable = temporaryDirectory();
  return {
    variable,
    read: (name) => readFileSync(join(variable, name), 'utf8'),
    write(name, content) {
      mkdirSync(dirname(join(variable, name)), { recursive: true });
      writeFileSync(join(variable, name), content);
    },
    hide: (name) => rmSync(join(variable, name)),
    stop: () => Promise.resolve(),
  };
}

async function objectAnchor(): Promise<TestAnchor & { lockOf(name: string): string | undefined }> {
  const server = await startS3Server();
  const path = (name: string): string => `/bucket/models/${name}`;
  return {
    variable: server.url,
    read: (name) => server.objects.get(path(name))?.toString(),
    write: (name, content) => void server.objects.set(path(name), Buffer.from(content)),
    hide: (name) => void server.objects.delete(path(name)),
    lockOf: (name) => server.locks.get(path(name)),
    stop: () => server.close(),
  };
}

/** Removes what came behind the first `size` entries, and every trace of its checkpoints. */
const setBackTo = (size: number): Promise<void> =>
  database.tamper(
    'TRUNCATE audit_publications',
    `DELETE FROM audit_checkpoints WHERE size > ${size}`,
    `DELETE FROM audit_logs WHERE seq > ${size}`,
  );

const RECORD: SignableRecord = {
  type: 'model_transition',
  id: '01900000-0000-7000-8000-000000000001',
  content: { to_status: 'production' },
};

const SIGNATORY: Signatory = {
  userId: '01900000-0000-7000-8000-000000000009',
  username: 'approver',
  fullName: 'Ada Approver',
  role: 'approver',
  signedAt: new Date('2026-11-24T09:00:00.123Z'),
};

/** What a server with this key signs and verifies records with. */
function signaturesOf(key: string): ElectronicSignatures {
  const { secrets } = loadConfiguration({ DATA_DIR, AUDIT_SIGNING_KEY: key });
  return new ElectronicSignatures(secrets, new SignatureKeys(database.dataSource, keyOf(key)));
}

function signedBy(key: string): Promise<ElectronicSignature> {
  const manager = { insert: () => Promise.resolve() } as unknown as EntityManager;
  return signaturesOf(key).sign(manager, RECORD, 'approval', SIGNATORY);
}

/** Tiles of made-up leaves in place of as many entries; the last entry alone is there for the chain to go on from. */
async function inventTiles(first: number, last: number, frontier: Frontier): Promise<void> {
  const { manager } = database.dataSource;
  for (let tile = first; tile <= last; tile++) {
    const leaves = Array.from({ length: 256 }, (_, i) => leafHash(`leaf ${tile * 256 + i}`));
    for (const leaf of leaves) frontier.append(leaf);
    await manager.query('INSERT INTO audit_tiles (level, tile_index, hashes, root) VALUES (0, $1, $2, $3)', [
      tile,
      Buffer.concat(leaves),
      perfectRoot(leaves),
    ]);
  }
  await manager.query(
    `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash)
     VALUES ($1, '{"event_id":"00000000-0000-7000-8000-ffffffffffff","occurred_at":"","action":"","outcome":""}', $2, $2)`,
    [(last + 1) * 256, Buffer.alloc(32)],
  );
}

describe('checkpoints › what is signed [R-10]', () => {
  it('signs nothing for an empty log, once when something happened, and not again when nothing did', async () => {
    const { checkpointer } = replica();
    await checkpointer.round();
    expect(await sizes()).toEqual([]);
    await database.append(3);
    await checkpointer.round();
    await checkpointer.round();
    expect(await sizes()).toEqual([3]);
    const { note } = (await newestCheckpoint(database.dataSource.manager))!;
    expect(note).toMatch(
      /^audit\.example\/test\n3\n[A-Za-z0-9+/]{43}=\n\n— audit\.example\/test [A-Za-z0-9+/]+=*\n$/,
    );
    expect(checkSignature(parseNote(note)!, keyOf(KEY).own)).toBe('valid');
  });

  it('has every root and proof of a tree built at once, over the edges of tiles and of levels', async () => {
    const { checkpointer } = replica();
    const { manager } = database.dataSource;
    const frontier = new Frontier();
    const roots = new Map<number, Buffer>();
    const signTo = async (size: number): Promise<void> => {
      await database.append(size - frontier.size);
      const rows = await manager.query<{ canonical: string }[]>(
        'SELECT canonical FROM audit_logs WHERE seq > $1 ORDER BY audit_logs.seq',
        [frontier.size],
      );
      for (const { canonical } of rows) frontier.append(leafHash(canonical));
      await checkpointer.round();
      expect(checkpointer.state).toMatchObject({ key: 'in_force', problem: null });
      const newest = (await newestCheckpoint(manager))!;
      expect(newest).toMatchObject({ size, root: frontier.root() });
      roots.set(size, newest.root);
    };
    for (const size of [1, 255, 256]) await signTo(size);
    await inventTiles(1, 254, frontier);
    for (const size of [65_500, 65_536, 65_537]) await signTo(size);

    const tree = new StoredTree(manager);
    const last = { size: 65_537, root: roots.get(65_537)! };
    for (const [size, root] of roots) {
      const proof = await consistencyProof(size, last.size, tree.subtree);
      expect(isConsistent({ size, root }, last, proof)).toBe(true);
      expect(await treeRoot(size, tree.subtree)).toEqual(root);
    }
    for (const index of [0, 255, 256, 65_279, 65_280, 65_535, 65_536]) {
      const proof = await inclusionProof(index, last.size, tree.subtree);
      expect(rootFromInclusion(index, last.size, await tree.leaf(index), proof)).toEqual(last.root);
    }
    const [{ tiles }] = await manager.query<[{ tiles: object }]>(
      `SELECT jsonb_object_agg(level, n) AS tiles FROM (SELECT level, count(*) AS n FROM audit_tiles GROUP BY 1) t`,
    );
    expect(tiles).toEqual({ 0: 256, 1: 1 });
  });

  it('replicas that sign at the same time make one line of checkpoints', async () => {
    const replicas = [replica(), replica(), replica()];
    for (let i = 0; i < 10; i++) {
      await database.append(7);
      await Promise.all(replicas.map(({ checkpointer }) => checkpointer.round()));
    }
    await replicas[0]!.checkpointer.round();
    expect((await sizes()).at(-1)).toBe(70);
    for (const { checkpointer } of replicas) expect(checkpointer.state.problem).toBeNull();
  });

  it('the table refuses UPDATE, DELETE and TRUNCATE', async () => {
    await database.append(1);
    await replica().checkpointer.round();
    for (const sql of [
      "UPDATE audit_checkpoints SET note = ''",
      'DELETE FROM audit_checkpoints',
      'TRUNCATE audit_checkpoints CASCADE',
      'UPDATE audit_tiles SET level = 9',
      'DELETE FROM audit_publications',
    ]) {
      await expect(database.dataSource.query(sql)).rejects.toThrow('append-only');
    }
  });
});

describe('checkpoints › a log that was rewritten is not signed [R-10]', () => {
  const CHANGE = `UPDATE audit_logs SET canonical = replace(canonical, 'success', 'refused') WHERE seq`;

  it.each<[string, string, () => Promise<void>]>([
    [
      'its chain written anew from entry 2',
      'fork',
      async () => {
        await database.tamper(`${CHANGE} = 2`);
        await rechain(database.dataSource, 2);
      },
    ],
    [
      'an entry of the newest 256 changed without its hash',
      'altered',
      () => database.tamper(`${CHANGE} = 280`),
    ],
    [
      'an entry behind the checkpoint missing',
      'gap',
      () => database.tamper('DELETE FROM audit_logs WHERE seq = 302'),
    ],
    ['its end cut off', 'truncated', () => database.tamper('DELETE FROM audit_logs WHERE seq > 290')],
    [
      'its tree written anew',
      'fork',
      () =>
        database.tamper(
          "UPDATE audit_tiles SET hashes = '\\x00' || substring(hashes from 2), root = sha256(root)",
        ),
    ],
    [
      'a checkpoint that nobody signed',
      'altered',
      () =>
        database.tamper(
          `INSERT INTO audit_checkpoints (note, head_hash) SELECT replace(note, E'\\n300\\n', E'\\n301\\n'), head_hash FROM audit_checkpoints`,
        ),
    ],
    [
      'the checkpoint of another log',
      'fork',
      () =>
        database.tamper(`UPDATE audit_checkpoints SET note = replace(note, 'example/test', 'example/rest')`),
    ],
    [
      'a checkpoint that is no note',
      'altered',
      () => database.tamper(`UPDATE audit_checkpoints SET note = E'x\\n300\\ny'`),
    ],
  ])('%s: %s', async (_name, problem, change) => {
    const { checkpointer } = replica();
    await database.append(300);
    await checkpointer.round();
    await database.append(5);
    await change();
    const before = await sizes();
    await checkpointer.round();
    expect(checkpointer.state.problem).toMatchObject({ class: problem });
    expect(await sizes()).toEqual(before);
    const restarted = replica();
    await restarted.checkpointer.round();
    expect(restarted.checkpointer.state.problem).toMatchObject({ class: problem });
  });

  it('an older checkpoint put in the place of the newest is noticed by a replica that has seen it, and at the anchor', async () => {
    const anchor = { AUDIT_ANCHOR: temporaryDirectory() };
    const { checkpointer } = replica(anchor);
    await database.append(10);
    await checkpointer.round();
    await database.append(10);
    await checkpointer.round();
    await database.tamper(
      'DELETE FROM audit_publications WHERE size = 20',
      'DELETE FROM audit_checkpoints WHERE size = 20',
      'DELETE FROM audit_logs WHERE seq > 15',
    );
    await checkpointer.round();
    expect(checkpointer.state.problem).toMatchObject({ class: 'truncated', seq: '16' });

    const forgetful = replica(anchor);
    await forgetful.checkpointer.round();
    expect(forgetful.checkpointer.state.problem).toMatchObject({ class: 'truncated', seq: '16' });
    await database.append(20);
    await forgetful.checkpointer.round();
    expect(forgetful.checkpointer.state.problem).toMatchObject({ class: 'truncated', seq: '20' });
    expect(await sizes()).toEqual([10]);
  });
});

describe('checkpoints › out of the reach of the database [R-10]', () => {
  let witness: Witness;
  beforeEach(async () => {
    witness = await startWitness(ORIGIN, keyOf(KEY).own);
  });
  afterEach(() => witness.stop());
  const witnessed = (): Record<string, string> => ({
    AUDIT_WITNESS_URL: witness.url,
    AUDIT_WITNESS_KEY: witness.vkey,
  });

  it('AUDIT_ANCHOR takes every note in order, also those of the time when it was away', async () => {
    const directory = temporaryDirectory();
    await database.append(2);
    await replica({ AUDIT_ANCHOR: '/dev/null/away' }).checkpointer.round();
    await database.append(2);
    const away = replica({ AUDIT_ANCHOR: '/dev/null/away' });
    await away.checkpointer.round();
    expect(away.checkpointer.state).toMatchObject({ unreached: ['anchor'], problem: null });
    expect(await away.anchored.now()).toMatchObject({ anchored_size: 0, overdue: false });

    const back = replica({ AUDIT_ANCHOR: directory });
    await back.checkpointer.round();
    await back.checkpointer.round();
    expect(readdirSync(`${directory}/000/000/000/000`)).toEqual(['002', '004']);
    const text = readFileSync(`${directory}/000/000/000/000/004`, 'utf8');
    expect(text).toBe((await newestCheckpoint(database.dataSource.manager))?.note);
    expect(await back.anchored.now()).toMatchObject({ anchored_size: 4, unanchored_seconds: 0 });
  });

  describe.each([
    ['a directory', () => Promise.resolve(directoryAnchor())],
    ['an object store', objectAnchor],
  ])('an anchor in %s is written once', (_kind, start) => {
    let anchor: TestAnchor;
    beforeEach(async () => {
      anchor = await start();
    });
    afterEach(() => anchor.stop());
    const replicaWith = (): ReturnType<typeof replica> => replica({ AUDIT_ANCHOR: anchor.variable });

    it('another checkpoint of the same size is a fork, and what is there stays', async () => {
      await database.append(5);
      await replicaWith().checkpointer.round();
      const kept = anchor.read('000/000/000/000/005');
      await database.append(2);
      await replicaWith().checkpointer.round();
      await setBackTo(5);
      await database.tamper(
        `UPDATE audit_logs SET canonical = replace(canonical, 'curl', 'kurl') WHERE seq = 3`,
      );
      await rechain(database.dataSource, 3);

      const forger = replica(); // signs the other history where the anchor is not looked at
      await database.tamper('TRUNCATE audit_publications, audit_checkpoints, audit_tiles');
      await forger.checkpointer.round();
      await database.append(2);
      await forger.checkpointer.round();
      const { checkpointer } = replicaWith();
      await checkpointer.round();
      expect(checkpointer.state.problem).toMatchObject({ class: 'fork' });
      expect(anchor.read('000/000/000/000/005')).toBe(kept);
      const seen = replicaWith();
      anchor.hide('000/000/000/000/007'); // even an anchor that has lost the newest
      await seen.checkpointer.round();
      expect(seen.checkpointer.state.problem).toMatchObject({ class: 'fork', seq: '5' });
    });

    it('is not troubled by two replicas that publish the same, with a cosignature and without', async () => {
      await database.append(5);
      await replicaWith().checkpointer.round();
      await database.tamper('TRUNCATE audit_publications');
      const { checkpointer } = replica({ AUDIT_ANCHOR: anchor.variable, ...witnessed() });
      await checkpointer.round();
      expect(checkpointer.state).toMatchObject({ problem: null, unreached: [] });
    });

    it('a database set back is noticed at the start, past a thousand and a million entries', async () => {
      const note = async (size: number): Promise<string> => {
        await database.append(1);
        await replica().checkpointer.round();
        const { note: made } = (await newestCheckpoint(database.dataSource.manager))!;
        const text = made.slice(0, made.indexOf('\n\n') + 1).replace(/\n\d+\n/, `\n${size}\n`);
        return `${text}\n${signNote(text, keyOf(KEY).own, createPrivateKey(KEY))}`;
      };
      anchor.write('000/000/000/999/999', await note(999_999));
      anchor.write('000/000/001/000/000', await note(1_000_000));
      const { checkpointer } = replicaWith();
      await checkpointer.round();
      expect(checkpointer.state.problem).toMatchObject({ class: 'truncated', seq: '3' });
      expect(checkpointer.state.problem?.detail).toContain('1000000 entries');
    });
  });

  it('a note that a crash cut off is completed, in a directory', async () => {
    const anchor = directoryAnchor();
    await database.append(5);
    await replica().checkpointer.round();
    const { note } = (await newestCheckpoint(database.dataSource.manager))!;
    anchor.write('000/000/000/000/005', note.slice(0, 40));
    const { checkpointer } = replica({ AUDIT_ANCHOR: anchor.variable });
    await checkpointer.round();
    expect([checkpointer.state.problem, anchor.read('000/000/000/000/005')]).toEqual([null, note]);
  });

  it('objects are locked for lock_days; a store that refuses the key does not stop the log', async () => {
    const anchor = await objectAnchor();
    await database.append(5);
    const wrong = replica({ AUDIT_ANCHOR: anchor.variable.replace('test-key', 'other') });
    await wrong.checkpointer.round();
    expect(wrong.checkpointer.state).toMatchObject({ problem: null, unreached: ['anchor'] });
    await replica({ AUDIT_ANCHOR: `${anchor.variable}?lock_days=3650` }).checkpointer.round();
    const until = new Date(Date.now() + 3650 * 86_400_000).toISOString().slice(0, 10);
    expect(anchor.lockOf('000/000/000/000/005')).toMatch(new RegExp(`^COMPLIANCE ${until}T`));
    await anchor.stop();
  });

  it('the witness cosigns from where it stands; its line is verified, kept and shown', async () => {
    const { checkpointer, anchored } = replica(witnessed());
    await database.append(3);
    await checkpointer.round();
    await database.append(300);
    await checkpointer.round();
    expect(witness.head).toMatchObject({ size: 303 });
    const newest = (await newestCheckpoint(database.dataSource.manager))!;
    const note = await noteWithCosignatures(database.dataSource.manager, newest);
    expect(checkSignature(parseNote(note)!, parseNoteKey(witness.vkey)!)).toBe('valid');
    expect(await anchored.now()).toMatchObject({ anchored_size: 303 });
  });

  it.each([
    ['an error', 500, 'oops'],
    ['a cosignature of a stranger', 200, '— stranger.example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n'],
    ['something else', 200, '<html>'],
    ['too much', 200, 'x'.repeat(100_000)],
  ])('a witness that answers %s is asked again; the log goes on', async (_name, status, body) => {
    const { checkpointer } = replica(witnessed());
    await database.append(3);
    witness.answerNext(status, body);
    await checkpointer.round();
    expect(checkpointer.state).toMatchObject({ unreached: ['witness'], problem: null });
    await checkpointer.round();
    expect(checkpointer.state).toMatchObject({ unreached: [] });
    expect(witness.head).toMatchObject({ size: 3 });
  });

  it('a database that was set back says what the witness has cosigned: truncated or fork, never signed over', async () => {
    const { checkpointer } = replica(witnessed());
    await database.append(10);
    await checkpointer.round();
    await database.tamper(
      'TRUNCATE audit_publications, audit_checkpoints, audit_tiles',
      'DELETE FROM audit_logs WHERE seq > 5',
    );
    const restored = replica(witnessed());
    await restored.checkpointer.round();
    expect(restored.checkpointer.state.problem).toMatchObject({ class: 'fork', seq: '10' });

    await database.tamper(
      `UPDATE audit_logs SET canonical = replace(canonical, 'success', 'refused') WHERE seq = 2`,
    );
    await rechain(database.dataSource, 2);
    await database.tamper('TRUNCATE audit_publications, audit_checkpoints, audit_tiles');
    await database.append(20);
    const rewritten = replica(witnessed());
    await rewritten.checkpointer.round();
    expect(rewritten.checkpointer.state.problem).toMatchObject({ class: 'fork' });
    expect(witness.head).toMatchObject({ size: 10 });
  });
});

describe('checkpoints › a change of keys [R-56]', () => {
  const NEXT = ed25519Pem();

  /** What the sequencer does with the entry of the hand-over. */
  async function chainInbox(): Promise<void> {
    const client = new Client({ connectionString: database.urls.sequencer });
    await client.connect();
    expect(await chainNextBatch(client, 10)).toBe(1);
    await client.end();
  }

  it('is an entry signed by both keys; from there on the new key signs, and the old one no longer', async () => {
    const old = replica();
    await database.append(4);
    await old.checkpointer.round();
    await database.append(1);
    const next = replica({ AUDIT_SIGNING_KEY: NEXT, AUDIT_SIGNING_KEY_PREVIOUS: KEY });
    await next.checkpointer.round();
    await next.checkpointer.round();
    expect(next.checkpointer.state.key).toBe('taking_over');
    await chainInbox();
    await database.append(1);
    await next.checkpointer.round();
    expect(next.checkpointer.state).toMatchObject({ key: 'in_force', problem: null });
    const { signed, size } = (await newestCheckpoint(database.dataSource.manager))!;
    expect(size).toBe(7);
    expect([checkSignature(signed, keyOf(NEXT).own), checkSignature(signed, keyOf(KEY).own)]).toEqual([
      'valid',
      'valid',
    ]);

    await database.append(1);
    await old.checkpointer.round();
    expect(old.checkpointer.state.key).toBe('retired');
    const settled = replica({ AUDIT_SIGNING_KEY: NEXT });
    await settled.checkpointer.round();
    expect(settled.checkpointer.state.key).toBe('in_force');
    const after = (await newestCheckpoint(database.dataSource.manager))!;
    expect([
      checkSignature(after.signed, keyOf(NEXT).own),
      checkSignature(after.signed, keyOf(KEY).own),
    ]).toEqual(['valid', 'unknown']);
  });

  it('signatures under records stay valid when their key has gone; a key that nobody handed over counts for nothing [R-55]', async () => {
    const signature = await signedBy(KEY);
    const isValid = (key: string): Promise<boolean> => signaturesOf(key).verify(signature, RECORD);
    await database.append(1);
    await replica().checkpointer.round();
    await database.append(1);
    await replica({ AUDIT_SIGNING_KEY: NEXT, AUDIT_SIGNING_KEY_PREVIOUS: KEY }).checkpointer.round();
    expect(await isValid(NEXT)).toBe(false);
    await chainInbox();
    expect([await isValid(NEXT), await isValid(ed25519Pem())]).toEqual([true, false]);
    expect(await signaturesOf(KEY).verify(await signedBy(NEXT), RECORD)).toBe(true);
  });

  it('is not stopped by an entry that is made up like one', async () => {
    await database.append(1);
    await database.tamper(
      `UPDATE audit_logs SET action = 'key.rotated', canonical =
         regexp_replace(replace(canonical, 'result.read', 'key.rotated'), '"details":{[^}]*}',
           '"details":{"key_id":5,"previous_key_id":["x"],"previous_signature":{},"signature":null}')`,
    );
    await rechain(database.dataSource, 1);
    const { checkpointer } = replica();
    await checkpointer.round();
    expect(checkpointer.state).toMatchObject({ key: 'in_force', problem: null });
    expect(await sizes()).toEqual([1]);
  });

  it('without the old key is refused', async () => {
    await database.append(4);
    await replica().checkpointer.round();
    await database.append(1);
    const stranger = replica({ AUDIT_SIGNING_KEY: NEXT });
    await stranger.checkpointer.round();
    expect(stranger.checkpointer.state.problem).toMatchObject({ class: 'altered', seq: '4' });
    expect(await sizes()).toEqual([4]);
  });
});
