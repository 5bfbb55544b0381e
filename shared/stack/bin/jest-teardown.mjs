// Jest's global tear-down; the same module as in jest-setup.mjs, so it knows what that started.
export default async function tearDown() {
  const { endTestRun } = await import('../dist/test-run.js');
  await endTestRun();
}
