// Jest's global set-up. The work is in src/test-run.ts, and runs from dist: `npm test` builds first.
export default async function setUp() {
  const { beginTestRun } = await import('../dist/test-run.js').catch((error) => {
    throw new Error(
      `The stack is not built. \`npm test\` builds first, and so does \`npx tsc -b\`. (${error.message})`,
    );
  });
  await beginTestRun();
}
