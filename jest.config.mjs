/**
 * Tests are compiled to CommonJS over our sources (see the ADR on Jest and ESM): packages of ours
 * resolve through their `source` condition, so nothing but shared/stack must be built to run a unit
 * test. A dependency that ships ES modules only is named in `esOnly` and compiled as well.
 */
const esOnly = [
  'jose',
  'lru-cache',
  'p-limit',
  'yocto-queue',
  'node-pg-migrate',
  'glob',
  'minimatch',
  'brace-expansion',
  'balanced-match',
  'path-scurry',
  'minipass',
  'happy-dom',
  // Its build for browsers.
  'csv-parse',
];

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/shared/stack/bin/jest-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/shared', '<rootDir>/services', '<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.payfan/'],
  modulePathIgnorePatterns: ['<rootDir>/(shared|services)/[^/]+/dist/', '<rootDir>/.payfan/', '/.next/'],
  watchPathIgnorePatterns: ['/dist/', '/.payfan/', '\\.tsbuildinfo$'],
  moduleFileExtensions: ['ts', 'tsx', 'mjs', 'js', 'cjs', 'json', 'node'],
  transform: {
    '^.+\\.(ts|tsx|mjs|js)$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: false } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esOnly.join('|')})/)`],
  globalSetup: '<rootDir>/shared/stack/bin/jest-setup.mjs',
  globalTeardown: '<rootDir>/shared/stack/bin/jest-teardown.mjs',
  reporters: ['default', '<rootDir>/shared/stack/bin/jest-report.mjs'],
  // Longer than a wait of a test may take (`WAIT_TIMEOUT_MS`), so that the wait reports what is missing.
  testTimeout: 300_000,
  maxWorkers: 2,
};
