// One project a kind of test: pure ones beside the code, the rest under test/ on real servers.
const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  rootDir: import.meta.dirname,
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  ...extra,
});

export default {
  // Two cores: more workers only make the servers under test fight for them.
  maxWorkers: 2,
  // A guard only, for a machine that does much else: some tests start whole servers.
  testTimeout: 60_000,
  projects: [
    project('unit', ['<rootDir>/src/**/*.spec.ts', '<rootDir>/demo/**/*.spec.ts', '<rootDir>/console/**/*.spec.ts']),
    project('model', ['<rootDir>/test/model/**/*.model-spec.ts'], {
      globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
    }),
    project('simulation', ['<rootDir>/test/simulation/**/*.sim-spec.ts']),
    project('prove', ['<rootDir>/test/prove/**/*.prove-spec.ts']),
    project('defects', ['<rootDir>/test/defects/**/*.defect-spec.ts'], {
      globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
    }),
    project('integration', ['<rootDir>/test/integration/**/*.int-spec.ts'], {
      globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
    }),
    project('browser', ['<rootDir>/test/browser/**/*.browser-spec.ts'], {
      globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
    }),
    project('e2e', ['<rootDir>/test/e2e/**/*.e2e-spec.ts'], {
      globalSetup: '<rootDir>/test/support/postgres.global-setup.ts',
      globalTeardown: '<rootDir>/test/support/postgres.global-teardown.ts',
    }),
  ],
};
