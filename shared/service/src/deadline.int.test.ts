import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { waitFor } from '@payfan/stack/testing';
import { fetchWithin, TimeoutError, withDeadline } from './deadline.ts';

/** What the server says to a request before it goes silent; undefined: it answers in full. */
let beginning: string | undefined;
const ANSWER = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwell';
const sockets = new Set<Socket>();
/** Without the idle connections that `fetch` opens in the place of those that it gave up. */
const withRequest = new Set<Socket>();
let server: Server;
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(socket);
        withRequest.delete(socket);
      });
    socket.on('data', () => {
      withRequest.add(socket);
      socket.write(beginning ?? ANSWER);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

const ask = (timeoutMs: number, signal?: AbortSignal) =>
  fetchWithin(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    { timeoutMs, signal },
    (response) => response.text(),
  );
const PATIENT_MS = 20_000;

test.each([
  ['before its answer', ''],
  ['within the head of its answer', 'HTTP/1.1 200 OK\r\nConte'],
  ['after the head of its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'],
  ['within the body of its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwe'],
])(
  'a peer that goes silent %s ends the call and its connection, and the next call works',
  async (_when, said) => {
    beginning = said;
    await expect(ask(200)).rejects.toBeInstanceOf(TimeoutError);
    await waitFor(() => Promise.resolve(withRequest.size === 0), { what: 'the connection being closed' });
    beginning = undefined;
    expect(await ask(PATIENT_MS)).toBe('well');
  },
);

test('the deadline holds also when the garbage collector runs, beside a signal that is never aborted', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 100);
  beginning = '';
  const { signal } = new AbortController();
  const calls = Array.from({ length: 20 }, () => ask(300, signal));
  const outcomes = await Promise.allSettled(calls);
  clearInterval(collecting);
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
});

test('a caller that leaves ends the call at once, with its own reason', async () => {
  beginning = '';
  const leaving = new AbortController();
  const asked = ask(PATIENT_MS, leaving.signal);
  leaving.abort(new Error('the program stops'));
  await expect(asked).rejects.toThrow('the program stops');
  await expect(ask(PATIENT_MS, leaving.signal)).rejects.toThrow('the program stops');
});

test('the deadline decides also about work that ignores the signal, and leaves no listener behind', async () => {
  const program = new AbortController();
  const listeners: string[] = [];
  const { signal } = program;
  signal.addEventListener = (type: string) => void listeners.push(type);
  signal.removeEventListener = (type: string) => void listeners.splice(listeners.indexOf(type), 1);
  const deaf = withDeadline({ timeoutMs: 10, signal }, () => new Promise<never>(() => undefined));
  expect(listeners).toEqual(['abort']);
  await expect(deaf).rejects.toBeInstanceOf(TimeoutError);
  expect(listeners).toEqual([]);
});

test('an answer that is not read gives its connection back', async () => {
  beginning = 'HTTP/1.1 404 Not Found\r\nContent-Length: 4000\r\n\r\nonly a part of it';
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const status = await fetchWithin(url, { timeoutMs: PATIENT_MS }, (response) => response.status);
  expect(status).toBe(404);
  await waitFor(() => Promise.resolve(withRequest.size === 0), { what: 'the connection being closed' });
});

test('an answer that was understood counts, also if its connection breaks before the rest of it is dropped', async () => {
  beginning = 'HTTP/1.1 404 Not Found\r\nContent-Length: 4000\r\n\r\nonly a part of it';
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const status = await fetchWithin(url, { timeoutMs: PATIENT_MS }, async (response) => {
    for (const socket of sockets) socket.destroy();
    // Reading a copy shows when the break has reached the body.
    await expect(response.clone().text()).rejects.toThrow();
    return response.status;
  });
  expect(status).toBe(404);
});
