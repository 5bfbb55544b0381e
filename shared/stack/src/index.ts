export * from './test-run.ts';
