// What needs a browser and the built pages is not among `npm test`: `npm run test:browser`.
import base from '../../jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/tests/browser/*.browser.ts'],
  reporters: [
    'default',
    ['<rootDir>/shared/stack/bin/jest-report.mjs', { file: 'browser-test-report.json' }],
  ],
  maxWorkers: 1,
};
