import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryHash, GENESIS_HASH } from '../../src/audit/audit-chain';
import { Frontier } from '../../src/audit/merkle/frontier';
import { leafHash } from '../../src/audit/merkle/merkle-hash';
import { formatCheckpointText, parseCheckpointText } from '../../src/audit/note/checkpoint-text';
import { formatNoteKey, noteKey } from '../../src/audit/note/note-key';
import { parseNote, signNote } from '../../src/audit/note/signed-note';
import { temporaryDirectory } from '../harness/temporary-directory';
import { offline, type Verdict } from '../harness/offline-verifier';

const VECTORS = join(__dirname, '../fixtures/audit-vectors');
const read = (name: string): string => readFileSync(join(VECTORS, name), 'utf8');
const LINES = read('entries.ndjson').trimEnd().split('\n');
const NOTES = read('checkpoints.txt')
  .split(/\n(?=audit\.example)/)
  .map((note) => `${note.trimEnd()}\n`);
const KEY = read('log.vkey').trim();
const EXPECTED = JSON.parse(read('expected.json')) as {
  roots: Record<string, string>;
  last_entry_hash: string;
};
const DIRECTORY = temporaryDirectory();
let files = 0;

function file(content: string | Buffer): string {
  const path = join(DIRECTORY, `${++files}`);
  writeFileSync(path, content);
  return path;
}

const ndjson = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The verdict over these lines, with all checkpoints of the vectors unless others are given. */
const judge = (
  lines: readonly string[],
  notes: readonly string[] = NOTES,
  options: { witnessKey?: string; maxUnanchored?: number } = {},
): Verdict => offline([file(ndjson(lines)), file(notes.join('\n'))], { key: KEY, ...options });

const problem = (verdict: Verdict): [string | undefined, number | undefined] => [
  verdict.problem?.class,
  verdict.problem?.seq,
];

/** Numerical Recipes' generator: the same mutations in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('known answers [R-10]', () => {
  it('a log made by another program verifies, through a change of keys', () => {
    expect(judge(LINES)).toMatchObject({
      valid: true,
      entries: 40,
      checkpoints: 10,
      checkpoint_size: 40,
      anchored_size: 40,
      key_rotations: 1,
      warnings: [],
      root_hash: Buffer.from(EXPECTED.roots['40']!, 'hex').toString('base64'),
    });
  });

  it('the writer makes the same chain, tree and notes of it', () => {
    const frontier = new Frontier();
    let hash: Buffer = GENESIS_HASH;
    for (const [i, line] of LINES.entries()) {
      const { canonical } = JSON.parse(line) as { canonical: string };
      hash = entryHash(BigInt(i + 1), hash, canonical);
      frontier.append(leafHash(canonical));
      expect(frontier.root().toString('hex')).toBe(EXPECTED.roots[i + 1] ?? frontier.root().toString('hex'));
    }
    expect(hash.toString('hex')).toBe(EXPECTED.last_entry_hash);
    for (const note of NOTES) {
      const { size, root } = parseCheckpointText(parseNote(note)!.text)!;
      expect(root.toString('hex')).toBe(EXPECTED.roots[size]);
    }
  });

  it('counts as anchored what the witness has cosigned, where its key is given', () => {
    const verdict = judge(LINES, NOTES, { witnessKey: read('witness.vkey').trim(), maxUnanchored: 12 });
    expect(verdict).toMatchObject({ valid: true, anchored_size: 33, cosigned: { size: 33 } });
    const strict = judge(LINES, NOTES, { witnessKey: read('witness.vkey').trim(), maxUnanchored: 11 });
    expect(problem(strict)).toEqual(['unanchored', 34]);
  });

  it('takes the log in several files, in any order, and checkpoints twice', () => {
    const parts = [LINES.slice(30), LINES.slice(0, 10), LINES.slice(10, 30)].map((part) =>
      file(ndjson(part)),
    );
    const notes = [file(NOTES.slice(5).join('\n')), file(NOTES.join('\n'))];
    expect(offline([...parts, ...notes], { key: KEY })).toMatchObject({
      valid: true,
      entries: 40,
      checkpoints: 10,
    });
  });
});

describe('tampering × verdict, offline [R-10]', () => {
  it('a flipped bit, any of 300: altered, at the line', () => {
    const random = seeded(20_261_124);
    const text = Buffer.from(ndjson(LINES));
    const starts = LINES.map((_, i) => Buffer.byteLength(ndjson(LINES.slice(0, i))));
    for (let i = 0; i < 300; i++) {
      const at = random(text.length);
      const seq = starts.findLastIndex((start) => start <= at) + 1;
      const end = (starts[seq] ?? text.length) - 1;
      const changed = Buffer.from(text);
      changed[at]! ^= 1 << random(8);
      const verdict = offline([file(changed), join(VECTORS, 'checkpoints.txt')], { key: KEY });
      // `…00:10.300000Z"}`: the time of the database is in no hash, so a digit of it may read otherwise
      const inUnhashedTime = at >= end - 29 && at < end - 2;
      const found = [verdict.problem?.class, verdict.problem?.seq];
      expect({ at, found }).toEqual({
        at,
        found: inUnhashedTime && verdict.valid ? [undefined, undefined] : ['altered', seq],
      });
    }
  });

  it('a flipped bit of a checkpoint, any of 120: altered, or of another log', () => {
    const random = seeded(8_785);
    const text = Buffer.from(NOTES.filter((note) => note.match(/^— /gm)?.length === 1).join('\n'));
    for (let i = 0; i < 120; i++) {
      const changed = Buffer.from(text);
      const at = random(text.length - 1);
      changed[at]! ^= 1 << random(8);
      const verdict = offline([join(VECTORS, 'entries.ndjson'), file(changed)], { key: KEY });
      expect({ at, class: verdict.problem?.class }).toEqual({
        at,
        class: expect.stringMatching(/^(altered|fork)$/),
      });
    }
  });

  it('a line deleted, each of them: gap at it; the last: truncated', () => {
    for (let seq = 1; seq <= 40; seq++) {
      expect(problem(judge(LINES.toSpliced(seq - 1, 1)))).toEqual([seq === 40 ? 'truncated' : 'gap', seq]);
    }
  });

  it('two lines swapped, any of 30: altered at the first', () => {
    const random = seeded(6_962);
    for (let i = 0; i < 30; i++) {
      const a = random(39);
      const other = a + 1 + random(39 - a);
      const swapped = LINES.with(a, LINES[other]!).with(other, LINES[a]!);
      expect(problem(judge(swapped))).toEqual(['altered', a + 1]);
    }
  });

  it('a line inserted: altered at it', () => {
    expect(problem(judge(LINES.toSpliced(10, 0, LINES[2]!)))).toEqual(['altered', 3]);
    const forged = chained(11, LINES, (text) => text.replace('result.read', 'result.seen'))[10]!;
    expect(problem(judge(LINES.toSpliced(10, 0, forged)))).toEqual(['altered', 11]);
    expect(problem(judge(LINES.toSpliced(10, 0, '{}')))).toEqual(['altered', 11]);
    expect(problem(judge(LINES.toSpliced(10, 0, '')))).toEqual(['altered', 11]);
  });

  it('the tail cut off, anywhere: truncated there', () => {
    for (let left = 0; left < 40; left++) {
      expect(problem(judge(LINES.slice(0, left)))).toEqual(['truncated', left + 1]);
    }
  });

  it('everything chained anew after a change: fork, from the last checkpoint that still fits', () => {
    for (let seq = 1; seq <= 40; seq++) {
      const before = [0, ...Object.keys(EXPECTED.roots).map(Number)].findLast((size) => size < seq)!;
      const lines = chained(seq, LINES, (text) => text.replace('.250Z', '.251Z'));
      expect(problem(judge(lines))).toEqual(['fork', before + 1]);
    }
  });

  it('an old checkpoint shown in place of the newest, with the log of then: truncated, for who has kept the newest', () => {
    expect(judge(LINES.slice(0, 21), NOTES.slice(0, 7))).toMatchObject({ valid: true });
    expect(problem(judge(LINES.slice(0, 21), [...NOTES.slice(0, 7), NOTES[9]!]))).toEqual(['truncated', 22]);
  });

  it('no checkpoint, or none for long: unanchored from there on', () => {
    expect(problem(judge(LINES, []))).toEqual(['unanchored', 1]);
    expect(problem(judge(LINES, NOTES.slice(0, 7), { maxUnanchored: 30 }))).toEqual(['unanchored', 22]);
    expect(judge(LINES, NOTES.slice(0, 7))).toMatchObject({ valid: true, anchored_size: 21 });
  });

  it('a text that is not in RFC 8785 form, chained as if it were: altered', () => {
    for (const change of [
      (text: string) => text.replace('":', '": '),
      (text: string) =>
        text.replace('{"action":"result.read",', '{').replace(/\}$/, ',"action":"result.read"}'),
      (text: string) => text.replace('success', '\\u0073uccess'),
    ]) {
      expect(problem(judge(chained(3, LINES, change)))).toEqual(['altered', 3]);
    }
  });

  it('a line with a key twice: altered, whichever of the two a reader takes', () => {
    const twice = LINES[2]!.replace('{"seq":"3"', '{"canonical":"{}","seq":"3"');
    expect(problem(judge(LINES.with(2, twice)))).toEqual(['altered', 3]);
  });
});

describe('checkpoints that do not belong, offline [R-10]', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const own = noteKey('audit.example/test', 0x01, privateKey);
  /** A log of the vectors' entries under a key of ours. */
  const sign = (origin: string, size: number, root: Buffer, key: KeyObject = privateKey): string => {
    const text = formatCheckpointText({ origin, size, root });
    return `${text}\n${signNote(text, noteKey(origin, 0x01, key), key)}`;
  };
  const root = (size: number): Buffer => Buffer.from(EXPECTED.roots[size]!, 'hex');
  const judgeOwn = (...notes: string[]): Verdict =>
    offline([file(ndjson(LINES)), file(notes.join('\n'))], { key: formatNoteKey(own) });

  it('its own fits', () => {
    expect(judgeOwn(sign(own.name, 8, root(8)), sign(own.name, 40, root(40)))).toMatchObject({ valid: true });
  });

  it('two of one size with different roots, both signed: fork, at that size', () => {
    expect(problem(judgeOwn(sign(own.name, 8, root(8)), sign(own.name, 8, root(7))))).toEqual(['fork', 8]);
    const [one, other] = [file(sign(own.name, 8, root(8))), file(sign(own.name, 8, root(7)))];
    for (const pair of [
      [one, other],
      [other, one],
    ]) {
      const verdict = offline([file(ndjson(LINES)), ...pair], { key: formatNoteKey(own) });
      expect(verdict.problem?.class).toBe('fork');
    }
  });

  it('one of another log: fork; one that a stranger signed in this name: altered', () => {
    expect(problem(judgeOwn(sign('audit.example/other', 8, root(8))))).toEqual(['fork', 8]);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    expect(problem(judgeOwn(sign(own.name, 8, root(8), stranger)))).toEqual(['altered', 8]);
  });

  it('one of a key that has handed over, for a size behind the hand-over: altered', () => {
    expect(
      problem(judge(LINES, [NOTES[0]!, NOTES[7]!.replace(/— .*\n/, /— .*\n/.exec(NOTES[6]!)![0])])),
    ).toEqual(['altered', 32]);
  });

  it('one that is larger than the log, unsigned: altered, not truncated', () => {
    expect(
      problem(
        judgeOwn(
          `${formatCheckpointText({ origin: own.name, size: 99, root: root(8) })}\n— ${own.name} AAAAAAAA\n`,
        ),
      ),
    ).toEqual(['altered', 99]);
  });
});

describe('the program', () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(__dirname, '../../dist/verifier/verify-command.js'), ...args], {
      encoding: 'utf8',
    });
  const entries = (lines: readonly string[]): string => file(ndjson(lines));
  const checkpoints = join(VECTORS, 'checkpoints.txt');
  const key = join(VECTORS, 'log.vkey');

  it.each<[number, string, () => string[]]>([
    [0, 'OK', () => [entries(LINES), checkpoints]],
    [
      1,
      'ALTERED at entry 3',
      () => [entries(LINES.with(2, LINES[2]!.replace('clinician', 'physician'))), checkpoints],
    ],
    [2, 'GAP at entry 3', () => [entries(LINES.toSpliced(2, 1)), checkpoints]],
    [
      3,
      'FORK at entry 22',
      () => [entries(chained(30, LINES, (text) => text.replace('.250Z', '.251Z'))), checkpoints],
    ],
    [4, 'TRUNCATED at entry 36', () => [entries(LINES.slice(0, 35)), checkpoints]],
    [5, 'UNANCHORED at entry 1', () => [entries(LINES)]],
  ])('leaves with %i and says %s', (code, says, args) => {
    const { status, stdout } = run('--key', key, ...args());
    expect([status, stdout.split('\n')[0]]).toEqual([code, expect.stringContaining(says)]);
    const json = run('--key', key, '--json', ...args());
    expect([json.status, JSON.parse(json.stdout)]).toEqual([
      code,
      expect.objectContaining({ exit_code: code }),
    ]);
  });

  it('tells a wrong call and an unreadable file from a finding', () => {
    expect(run('--key', key)).toMatchObject({ status: 64, stderr: expect.stringContaining('--witness-key') });
    expect(run(checkpoints)).toMatchObject({ status: 64 });
    expect(run('--key', 'nonsense', checkpoints)).toMatchObject({ status: 64 });
    expect(run('--nonsense')).toMatchObject({ status: 64 });
    expect(run('--key', key, join(DIRECTORY, 'nowhere'))).toMatchObject({ status: 66 });
    expect(run('--help')).toMatchObject({ status: 0 });
  });
});

/** The lines with the text of entry `seq` changed and the chain written anew from there on. */
function chained(seq: number, lines: readonly string[], change: (canonical: string) => string): string[] {
  const before = lines.slice(0, seq - 1);
  let hash =
    seq === 1
      ? GENESIS_HASH.toString('hex')
      : (JSON.parse(before.at(-1)!) as { entry_hash: string }).entry_hash;
  const after = lines.slice(seq - 1).map((line, i) => {
    const row = JSON.parse(line) as Record<string, string>;
    const canonical = i === 0 ? change(row['canonical']!) : row['canonical']!;
    const previous_hash = hash;
    hash = entryHash(BigInt(seq + i), Buffer.from(previous_hash, 'hex'), canonical).toString('hex');
    return JSON.stringify({ ...row, canonical, entry_hash: hash, previous_hash });
  });
  return [...before, ...after];
}
