const { existsSync } = require('node:fs');
const path = require('node:path');

/** Where the libraries of the pages are not installed, nothing can be said about them. */
const isWebInstalled = existsSync(path.join(__dirname, 'services/web/node_modules'));

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
      name: 'pages-take-along-what-browsers-need',
      comment:
        'The pages run in browsers: of ours the live client, the protocol, the reader of payouts and the rules of text, and of the other contracts types only.',
      severity: 'error',
      from: { path: '^services/web/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^shared/',
        pathNot: [
          '^shared/live-client/',
          '^shared/contracts/(src|dist)/live-protocol\\.',
          '^shared/contracts/(src|dist)/payout-csv/browser\\.',
          '^shared/contracts/(src|dist)/typed/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'contracts-run-in-browsers',
      severity: 'error',
      from: { path: '^shared/contracts/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'settings-stay-on-the-server',
      severity: 'error',
      from: {
        path: '^services/web/src/(api|session|live|ui|format|shell|wallet|compare|payouts|operations)/',
      },
      to: { path: '^services/web/src/config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'what-pages-share-knows-no-page',
      severity: 'error',
      from: { path: '^services/web/src/(api|session|live|ui|format)/' },
      to: { path: '^services/web/src/(app|shell|wallet|compare|payouts|operations)/' },
    },
    {
      name: 'pages-stand-alone',
      comment: 'What two pages need is lifted to where both find it.',
      severity: 'error',
      from: { path: '^services/web/src/(wallet|compare|payouts|operations)/' },
      to: {
        path: '^services/web/src/(wallet|compare|payouts|operations)/',
        pathNot: '^services/web/src/$1/',
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
      from: isWebInstalled ? {} : { pathNot: '^services/web/' },
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
    exclude: { path: ['/dist/', '\\.payfan/', '/\\.next/', 'next-env\\.d\\.ts$'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
