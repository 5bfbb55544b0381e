// What hurts the system takes minutes, so it is not among `npm test`: `npm run test:fault`.
import base from '../../jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/tests/fault/*.fault.ts'],
  reporters: [
    'default',
    ['<rootDir>/shared/stack/bin/jest-report.mjs', { file: 'fault-test-report.json' }],
    '<rootDir>/tests/fault/reporter.mjs',
  ],
};
