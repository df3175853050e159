const esmPackages = [
  '@nestjs',
  'jose',
  'openid-client',
  'oauth4webapi',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'uuid',
  'fast-png',
  'iobuffer',
  'fflate',
  '@opentelemetry', // loads node:http with import()
];
const swc = (jsc) => [
  '@swc/jest',
  { jsc: { target: 'es2023', ...jsc }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];

/** Nest 12 is published as ES modules, which jest's loader cannot `require` on Node 20: they are transformed as well. */
const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': swc({
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    }),
    '^.+\\.m?js$': swc({}),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

/** @type {import('jest').Config} */
module.exports = {
  // real servers, databases and processes start and end: on a busy machine that takes its time
  testTimeout: 60_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/src/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/harness/temporary-setup.ts',
    },
    {
      ...shared,
      displayName: 'test',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/harness/global-setup.ts',
      globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
    },
  ],
};
