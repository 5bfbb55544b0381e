/** The import rules of docs/architecture.md. Checked over sources, so that nothing has to be built first. */
module.exports = {
  forbidden: [
    {
      name: 'services-stand-alone',
      comment: 'A service talks to another through the broker or HTTP, never by import.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'shared-knows-no-service',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^services/' },
    },
    {
      name: 'contracts-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/contracts/' },
      to: { path: '^(shared/(?!contracts/)|services/|tests/)' },
    },
    {
      name: 'amqplib-only-in-messaging',
      severity: 'error',
      from: { path: '^(shared|services)/', pathNot: '^shared/messaging/' },
      to: { path: 'node_modules/amqplib/' },
    },
    {
      name: 'pg-only-in-database',
      severity: 'error',
      from: { path: '^(shared|services)/', pathNot: '^shared/database/' },
      to: { path: 'node_modules/pg/' },
    },
    {
      name: 'express-only-at-the-doors',
      severity: 'error',
      from: { path: '^(shared|services)/', pathNot: ['^shared/service/', '^services/[^/]+/src/http/'] },
      to: { path: 'node_modules/(@types/)?express/' },
    },
    {
      name: 'a-browser-takes-it-along',
      comment:
        'The live client runs in browsers: no Node, no zod, nothing but the protocol and, for its hooks, React.',
      severity: 'error',
      from: {
        path: '^shared/live-client/src/',
        pathNot: ['\\.test\\.ts$', '^shared/live-client/src/testing/'],
      },
      to: {
        pathNot: [
          '^shared/live-client/src/',
          '^shared/contracts/src/live-protocol\\.ts$',
          'node_modules/(@types/)?react/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { pathNot: ['\\.test\\.ts$', '^tests/'] },
      to: { path: '(\\.test\\.ts$|^tests/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '\\.payfan/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
