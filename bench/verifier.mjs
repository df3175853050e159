// How many entries a second the offline verifier takes, and how much memory: the length of the log must not matter.
//   node bench/verifier.mjs [entries…]      after npm run build
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './report.mjs';

const require = createRequire(import.meta.url);
const { entryHash, GENESIS_HASH } = require('../dist/audit/audit-chain.js');
const { canonicalText } = require('../dist/audit/audit-entry.js');
const { Frontier } = require('../dist/audit/merkle/frontier.js');
const { leafHash } = require('../dist/audit/merkle/merkle-hash.js');
const { formatCheckpointText } = require('../dist/audit/note/checkpoint-text.js');
const { formatNoteKey, noteKey } = require('../dist/audit/note/note-key.js');
const { signNote } = require('../dist/audit/note/signed-note.js');

const VERIFY = fileURLToPath(new URL('../dist/verifier/verify-command.js', import.meta.url));
const ENTRIES_A_CHECKPOINT = 1_000;
const RUNS = 3;
const lengths = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100_000, 1_000_000];

const { privateKey } = generateKeyPairSync('ed25519');
const key = noteKey('audit.example/bench', 0x01, privateKey);
const directory = mkdtempSync(join(tmpdir(), 'medai-flow-bench-'));
try {
  print(`${machine()}\n`);
  print('| entries | MiB | checkpoints | entries/s (median of 3) | peak memory MiB |');
  print('| ------: | --: | ----------: | ----------------------: | --------------: |');
  for (const length of lengths) measure(length);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

function measure(length) {
  const files = write(length);
  const runs = Array.from({ length: RUNS }, () => run(files)).sort((a, b) => a.seconds - b.seconds);
  const { seconds, peak } = runs[Math.floor(RUNS / 2)];
  const mebibytes = Math.round(statSync(files.entries).size / 2 ** 20);
  const checkpoints = Math.ceil(length / ENTRIES_A_CHECKPOINT);
  print(
    `| ${length} | ${mebibytes} | ${checkpoints} | ${Math.round(length / seconds)} | ${Math.round(peak)} |`,
  );
}

/** The whole program, from start to exit. */
function run({ entries, checkpoints }) {
  const watch = `process.on('exit', () => process.stderr.write(String(process.resourceUsage().maxRSS)))`;
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(watch)}`,
      VERIFY,
      '--key',
      formatNoteKey(key),
      entries,
      checkpoints,
    ],
    { encoding: 'utf8' },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) throw new Error(`the verifier found something: ${stdout}${stderr}`);
  return { seconds, peak: Number(stderr) / 1024 };
}

function write(length) {
  const entries = join(directory, 'entries.ndjson');
  const checkpoints = join(directory, 'checkpoints.txt');
  const frontier = new Frontier();
  const notes = [];
  let hash = GENESIS_HASH;
  const file = openSync(entries, 'w');
  let block = '';
  for (let seq = 1; seq <= length; seq++) {
    const entry = entryOf(seq);
    const canonical = canonicalText(entry);
    const previous = hash;
    hash = entryHash(BigInt(seq), previous, canonical);
    frontier.append(leafHash(canonical));
    block += `${JSON.stringify({
      seq: String(seq),
      event_id: entry.event_id,
      canonical,
      entry_hash: hash.toString('hex'),
      previous_hash: previous.toString('hex'),
      sequenced_at: `${entry.occurred_at.slice(0, -1)}100Z`,
    })}\n`;
    if (seq % ENTRIES_A_CHECKPOINT === 0 || seq === length) {
      const text = formatCheckpointText({ origin: key.name, size: seq, root: frontier.root() });
      notes.push(`${text}\n${signNote(text, key, privateKey)}`);
      writeSync(file, block);
      block = '';
    }
  }
  closeSync(file);
  writeFileSync(checkpoints, notes.join('\n'));
  return { entries, checkpoints };
}

/** As an inference leaves one behind. */
function entryOf(seq) {
  const time = Date.UTC(2026, 10, 24, 8) + seq * 20;
  const id = `${time.toString(16).padStart(12, '0')}7000800${seq.toString(16).padStart(13, '0')}`;
  return {
    event_id: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    occurred_at: new Date(time).toISOString(),
    actor_id: '019aab52-4c41-7d1a-9a3f-0a7e6f0a4c11',
    actor_role: 'clinician',
    action: 'inference.completed',
    object_type: 'inference_result',
    object_id: '019aab52-5555-7d1a-9a3f-0a7e6f0a4c11',
    outcome: 'success',
    reason: null,
    request_id: '019aab52-6666-7d1a-9a3f-0a7e6f0a4c11',
    ip: '192.0.2.17',
    user_agent: 'curl/8.5.0',
    details: {
      route: 'POST /infer',
      is_valid: true,
      model_id: '019aab52-7777-7d1a-9a3f-0a7e6f0a4c11',
      image_hash: hashOf(seq),
      model_file_hash: hashOf(7),
    },
  };
}

function hashOf(n) {
  return n.toString(16).padStart(64, '0');
}
