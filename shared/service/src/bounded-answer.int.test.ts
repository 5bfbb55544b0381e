import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startLongAnswer, waitFor, type LongAnswer } from '@payfan/stack/testing';
import { remoteAuthenticator } from './auth.ts';
import { AnswerTooLong, readJson, readText, SMALL_ANSWER_BYTES } from './bounded-answer.ts';
import { createTokenIssuer, generateSigningKey } from './token.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function long(): Promise<LongAnswer> {
  const server = await startLongAnswer();
  stops.push(() => server.stop());
  return server;
}

const cutOff = (server: LongAnswer, requests = 1) =>
  waitFor(() => Promise.resolve(server.ends.length === requests), {
    what: 'the answer ending',
  }).then(() => expect(server.ends).toEqual(Array(requests).fill('cut off')));

test('an answer is read up to its bound', async () => {
  const body = 'é'.repeat(SMALL_ANSWER_BYTES / 2);
  expect(await readText(new Response(body))).toBe(body);
  await expect(readText(new Response(`${body}!`))).rejects.toThrow('the answer is longer than 65536 bytes');
  expect(await readText(new Response(`${body}!`), SMALL_ANSWER_BYTES + 1)).toBe(`${body}!`);
  expect(await readText(new Response(null))).toBe('');
  expect(await readJson(new Response('{"a":[1]}'))).toEqual({ a: [1] });
  await expect(readJson(new Response('<html>'))).rejects.toThrow(SyntaxError);
});

test('a server that answers 100 MB sees its connection closed', async () => {
  const server = await long();
  await expect(readText(await fetch(server.url))).rejects.toThrow(AnswerTooLong);
  await cutOff(server);
});

test('a client without a bound takes all of it', async () => {
  const server = await long();
  expect((await (await fetch(server.url)).arrayBuffer()).byteLength).toBeGreaterThan(100_000_000);
  expect(server.ends).toEqual(['read to the end']);
});

test('an answer counts as long as it is when it is unpacked', async () => {
  const packed = gzipSync(Buffer.alloc(10 * 1024 * 1024));
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
  });
  stops.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(packed.length).toBeLessThan(SMALL_ANSWER_BYTES);
  await expect(readText(answer)).rejects.toThrow(AnswerTooLong);
});

test.each(['an API key', 'a token'])('%s is not checked by an answer of 100 MB', async (what) => {
  const server = await long();
  const { token } = await (
    await createTokenIssuer(await generateSigningKey())
  ).issue({ kind: 'operator', name: 'mira' });
  const authenticate = remoteAuthenticator({ transactionUrl: server.url, timeoutMs: 20_000 });
  await expect(authenticate(what === 'a token' ? token : 'some_key')).rejects.toMatchObject({
    code: 'authentication_unavailable',
  });
  await cutOff(server);
});
