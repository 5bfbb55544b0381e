import { once } from 'node:events';
import { createServer, globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { testAuthority } from '@payfan/stack/testing';
import { fetchAs } from './fetch-as.ts';

const authority = testAuthority();
const { certificate: cert, key } = authority.issue({ hosts: ['gateway'] });
let answer: RequestListener;
const server = createServer({ cert, key }, (request, response) => answer(request, response));
beforeAll(async () => {
  // What NODE_EXTRA_CA_CERTS does for a program.
  globalAgent.options.ca = authority.certificate;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  delete globalAgent.options.ca;
  globalAgent.destroy();
  server.close().closeAllConnections();
  await once(server, 'close');
});

const send = (signal = new AbortController().signal) => {
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return fetchAs('gateway')(url, { headers: {}, signal });
};

/** Sends the beginning of a body and never the rest; resolves when the client has closed the connection. */
const neverEnding = () =>
  new Promise<void>((closed) => {
    answer = (_request, response) => void response.once('close', closed).writeHead(200).write('begun');
  });

test('the caller reads the body itself, so that it can stop at a bound', async () => {
  const closed = neverEnding();
  const { status, body } = await send();
  expect(status).toBe(200);
  await body?.cancel();
  await closed;
});

test('an abort ends the reading of a body that does not end', async () => {
  const closed = neverEnding();
  const abort = new AbortController();
  const response = await send(abort.signal);
  const reading = response.text();
  abort.abort();
  await expect(reading).rejects.toThrow();
  await closed;
});

test.each([204, 205, 304])('an answer of %i has no body', async (status) => {
  answer = (_request, response) => response.writeHead(status).end();
  expect(await send()).toMatchObject({ status, body: null });
});

test('a status that is none of HTTP is a rejection', async () => {
  answer = (_request, response) => response.writeHead(999).end();
  await expect(send()).rejects.toThrow('must be in the range of 200 to 599');
});
