#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KeyRing } from './key-ring';
import { exitCode, jsonReport, textReport } from './report';
import { Verification } from './verification';
import { NotInOrder } from './verification';
import { VerifierKey } from './verifier-key';
import { verifyFiles } from './verify-files';

const USAGE = `Verifies an exported audit trail without the system that wrote it.

  medai-flow-verify --key KEY [options] FILE...

  FILE                    lines of GET /audit/entries or of an archive, and signed checkpoints: those that you have kept, and
                          the directory of the anchor. What a file holds is told by its first character.
  --key KEY               verifier key of the log, or a file that holds it; again for a key of another time
  --witness-key KEY       verifier key of the witness: only checkpoints that it has cosigned count as anchors
  --max-unanchored SECONDS  how long entries may come that no checkpoint covers (300)
  --json                  one JSON object in place of the report

Exit code: 0 ok, 1 altered, 2 gap, 3 fork, 4 truncated, 5 unanchored too long; 64 wrong call, 66 unreadable file.
`;
const WRONG_CALL = 64;
const UNREADABLE = 66;
const ONE_TIME_KEYS = 16;

class WrongCall extends Error {}

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      key: { type: 'string', multiple: true, default: [] },
      'witness-key': { type: 'string' },
      'max-unanchored': { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const keys = values.key.map((text) => keyOf(text, false));
  if (keys.length === 0 || keys.length > ONE_TIME_KEYS || positionals.length === 0)
    throw new WrongCall('give --key and the files to verify');
  if (new Set(keys.map(({ name }) => name)).size > 1) throw new WrongCall('the keys are of different logs');
  const witness = values['witness-key'] === undefined ? undefined : keyOf(values['witness-key'], true);
  if (!/^\d{1,9}$/.test(values['max-unanchored'])) throw new WrongCall('--max-unanchored: expected seconds');

  const verification = new Verification(new KeyRing(keys), witness, Number(values['max-unanchored']));
  const finding = verifyFiles(positionals, verification);
  process.stdout.write(
    values.json ? `${jsonReport(finding, verification)}\n` : textReport(finding, verification),
  );
  return exitCode(finding);
}

function keyOf(argument: string, isWitness: boolean): VerifierKey {
  const text = existsSync(argument) ? readFileSync(argument, 'utf8').trim() : argument;
  const key = VerifierKey.parse(text);
  if (key?.isWitness === isWitness) return key;
  throw new WrongCall(`expected the verifier key of a ${isWitness ? 'witness' : 'log'}: name+id+base64`);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const isCall = error instanceof WrongCall || code?.startsWith('ERR_PARSE_ARGS');
  const unreadable = typeof code === 'string' && /^E[A-Z]+$/.test(code);
  if (!isCall && !unreadable && !(error instanceof NotInOrder)) throw error;
  process.stderr.write(`${message}\n${isCall ? `\n${USAGE}` : ''}`);
  process.exitCode = unreadable ? UNREADABLE : WRONG_CALL;
}
