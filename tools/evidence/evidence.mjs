// What the tests showed, of which software: runs them and writes evidence/record.md.
//     npm run evidence [-- what jest takes]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { clauses, idsIn, requirements } from './read-docs.mjs';

const REPORT = 'evidence/tests.json';
const RECORD = 'evidence/record.md';

mkdirSync('evidence', { recursive: true });
const { status } = spawnSync('npx', ['jest', '--json', `--outputFile=${REPORT}`, ...process.argv.slice(2)], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const { testResults, startTime } = JSON.parse(readFileSync(REPORT, 'utf8'));
const tests = testResults.flatMap(({ name: file, assertionResults }) =>
  assertionResults.map(({ fullName, status: outcome }) => ({
    file,
    name: fullName,
    outcome,
    ids: idsIn(fullName),
  })),
);
const count = (outcome, among = tests) => among.filter((test) => test.outcome === outcome).length;
const shownBy = (id) => tests.filter(({ ids }) => ids.includes(id));

function outcomeOf(id) {
  const own = shownBy(id);
  const failed = count('failed', own);
  return own.length === 0
    ? 'no test'
    : `${count('passed', own)} passed${failed > 0 ? `, ${failed} FAILED` : ''}`;
}

/** Software of unknown provenance, IEC 62304 8.1.2: what is installed to run the product. */
function soup() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link)
    .map(([path, { version, license, integrity }]) => [
      path.split('node_modules/').at(-1),
      version,
      license,
      integrity,
    ]);
}

const table = (header, rows) =>
  [header, header.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { asked, notShown } = requirements();
const changed = git('status', '--porcelain') === '' ? '' : ', with changes that are not committed';

writeFileSync(
  RECORD,
  `# Record of evidence

MedAI Flow ${version}, commit ${git('rev-parse', 'HEAD')}${changed}. Node ${process.version}, ${platform()} ${arch()}.
Run begun ${new Date(startTime).toISOString()}: ${count('passed')} tests passed, ${count('failed')} failed, ${count('pending')} skipped.

## Requirements

${table(
  ['requirement', '', 'tests'],
  asked.map(({ id, text }) => [
    id,
    text,
    notShown.some((each) => each.id === id) ? 'not shown by a test' : outcomeOf(id),
  ]),
)}

## Clauses

${table(
  ['clause', 'what the software does', 'requirements'],
  clauses().map(({ clause, does, ids }) => [
    clause,
    does,
    ids.map((id) => `${id}: ${outcomeOf(id)}`).join('; '),
  ]),
)}

## Tests

${asked
  .map(
    ({ id }) =>
      `### ${id}\n\n${shownBy(id)
        .map(({ name, outcome }) => `- ${outcome}: ${name}`)
        .join('\n')}\n`,
  )
  .join('\n')}
## Software of unknown provenance

${table(['package', 'version', 'licence', 'integrity'], soup())}
`,
);
process.stdout.write(`${RECORD}: ${count('passed')} passed, ${count('failed')} failed\n`);
process.exitCode = status ?? 1;
