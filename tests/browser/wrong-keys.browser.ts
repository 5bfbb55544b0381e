import { request } from 'node:http';
import { startPagesServer, type PagesServer } from './pages.ts';

const WRONG_KEYS_PER_MINUTE = 5;
/** Far more than a client may send, also if the machine is so slow that minutes pass. */
const GUESSES = 20 * WRONG_KEYS_PER_MINUTE;

let pages: PagesServer;
beforeAll(async () => {
  pages = await startPagesServer({
    transaction: { WRONG_KEYS_PER_MINUTE: String(WRONG_KEYS_PER_MINUTE) },
  });
});
afterAll(() => pages.payfan.stop());

/** @returns the status of a sign-in from this address of the machine, with a header that claims to be another client */
const signIn = (key: string, localAddress: string, claimed: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(pages.origin);
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      'x-forwarded-for': claimed,
    };
    request(
      { host: '127.0.0.1', port, path: '/session', method: 'POST', localAddress, headers },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      },
    )
      .on('error', reject)
      .end(JSON.stringify({ key }));
  });

test('a client that guesses keys is refused, whatever address it claims, and others still sign in', async () => {
  const guesses = await Promise.all(
    Array.from({ length: GUESSES }, (_, n) => signIn(`guess-${n}`, '127.0.0.2', `192.0.2.${n}`)),
  );
  expect(new Set(guesses)).toEqual(new Set([401, 503]));
  expect(guesses.filter((status) => status === 503).length).toBeGreaterThan(guesses.length / 2);
  expect(await signIn('demo_ravi', '127.0.0.3', '127.0.0.2')).toBe(201);
});
