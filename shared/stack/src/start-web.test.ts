import type { StackDescription } from './stack-file.ts';
import { pageUrl, startWeb } from './start-web.ts';

const description = {
  services: { web: { url: 'http://127.0.0.1:3000', pid: 1 } },
} as unknown as StackDescription;

/** Starts the pages on a stack that notes what is started, and answers what came of it. */
async function attempt({
  isBuilt = false,
  build = () => Promise.resolve(),
  interrupted = new AbortController(),
}) {
  const started: string[] = [];
  const lines: string[] = [];
  const builds: AbortSignal[] = [];
  const outcome = await startWeb({
    stack: {
      startLater({ name }) {
        started.push(name);
        return Promise.resolve(description);
      },
    },
    webBuild: {
      isBuilt: () => isBuilt,
      build(signal) {
        builds.push(signal);
        return build();
      },
    },
    progress: { line: (text) => lines.push(text), done: () => undefined },
    interrupted: interrupted.signal,
  });
  return { outcome, started, lines, builds: builds.length };
}

test('what is not built yet is built before it is started; what is, is not built again', async () => {
  expect(await attempt({})).toEqual({ outcome: description, started: ['web'], lines: [], builds: 1 });
  expect(await attempt({ isBuilt: true })).toMatchObject({ started: ['web'], builds: 0 });
});

test('a build that fails is reported, and all other programs run on', async () => {
  const { outcome, started, lines } = await attempt({ build: () => Promise.reject(new Error('no network')) });
  expect([outcome, started]).toEqual([undefined, []]);
  expect(lines).toEqual([expect.stringContaining('no network')]);
});

test('of a build that a person interrupted nothing is said', async () => {
  const interrupted = new AbortController();
  const build = () => {
    interrupted.abort();
    return Promise.reject(new Error('ended'));
  };
  expect(await attempt({ build, interrupted })).toMatchObject({ outcome: undefined, started: [], lines: [] });
});

test('pages are at localhost, the origin that the APIs know them by', () => {
  expect(pageUrl('http://127.0.0.1:3000')).toBe('http://localhost:3000');
});
