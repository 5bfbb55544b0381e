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
