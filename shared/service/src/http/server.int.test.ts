import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { waitFor } from '@payfan/stack/testing';
import { createLogger } from '../logger.ts';
import { httpServer } from './server.ts';
import { startApi, stopApis } from './testing.ts';
import type { Response } from 'express';
import type { IncomingMessage } from 'node:http';

const logger = createLogger({ service: 'test', level: 'silent' });
const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await stopApis();
});

/** A client that keeps its connection, as balancers do. */
function keepingClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return async (path: string) => {
    const sent = request(`${url}${path}`, { agent }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = async () => {
      let all = '';
      for await (const chunk of answer) all += String(chunk);
      return all;
    };
    return { answer, text };
  };
}

/** An API with one page, which answers when it is told to. */
async function startWaiting() {
  const waiting: Response[] = [];
  const api = await startApi(({ app }) => {
    app.get('/wait', (_request, response) => void waiting.push(response));
  });
  const arrived = () => waitFor(() => Promise.resolve(waiting.length > 0), { what: 'the request' });
  return { ...api, waiting, arrived };
}

const refused = (url: string) =>
  expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });

test('stopping finishes the request under way, says so to its client, and takes no other', async () => {
  const { url, server, waiting, arrived } = await startWaiting();
  const get = keepingClient(url);
  await (await get('/livez')).text();
  const pending = get('/wait');
  await arrived();
  const stopped = server.stop();
  await refused(`${url}/livez`);
  waiting[0]!.end('done');
  const { answer, text } = await pending;
  expect([await text(), answer.headers.connection]).toEqual(['done', 'close']);
  await stopped;
});

// Each of these would otherwise keep the server until some time-out of a minute, and the test with it.
test('stopping waits for no connection that is merely kept', async () => {
  const { url, server } = await startWaiting();
  await (await keepingClient(url)('/livez')).text();
  await server.stop();
});

test('stopping waits for no connection that never asked, or has not finished asking', async () => {
  const { server, url } = await startWaiting();
  const connections = ['', 'GET /livez HTTP/1.1\r\nHost: '].map((words) => {
    // The server may close or reset it.
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    socket.resume().write(words);
    return new Promise((resolve) => socket.once('close', resolve));
  });
  // Connections are accepted in order: when this one has been, those were too.
  await fetch(`${url}/livez`);
  await server.stop();
  await Promise.all(connections);
});

test('stopping waits for an answer that has begun, but not for the connection that it came on', async () => {
  const { url, server, waiting, arrived } = await startWaiting();
  const pending = keepingClient(url)('/wait');
  await arrived();
  waiting[0]!.write('begun, ');
  const { text } = await pending;
  const stopped = server.stop();
  await refused(url);
  waiting[0]!.end('and done');
  expect(await text()).toBe('begun, and done');
  await stopped;
});

test('stopping may come twice, or before starting, and then nothing starts', async () => {
  const { server, url } = await startWaiting();
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  await server.start();
  await refused(url);
});

test('a port that is taken is named, with the variable that changes it', async () => {
  const { server } = await startWaiting();
  const start = (portVariable?: string) =>
    httpServer({
      api: { handler: () => undefined },
      port: server.port,
      http: { host: '127.0.0.1' },
      logger,
      ...(portVariable === undefined ? {} : { portVariable }),
    }).start();
  await expect(start()).rejects.toThrow(
    `Port ${server.port} is taken by another program: stop it, or set PORT to a free port`,
  );
  await expect(start('MAIL_PORT')).rejects.toThrow('set MAIL_PORT to a free port');
});

test('listens where PAYFAN_BIND says, and nowhere else', async () => {
  const { server } = await startWaiting();
  expect((await fetch(`http://127.0.0.1:${server.port}/livez`)).status).toBe(200);
  await refused(`http://127.0.0.2:${server.port}/livez`);
});

test('an address that this machine does not have is named', async () => {
  // 192.0.2.0/24 is for documentation (RFC 5737).
  const server = httpServer({
    api: { handler: () => undefined },
    http: { host: '192.0.2.1' },
    port: 0,
    logger,
  });
  await expect(server.start()).rejects.toThrow(
    'This machine has no address 192.0.2.1: set PAYFAN_BIND to one that it has',
  );
});

describe('headers', () => {
  const startBounded = async () => {
    const server = httpServer({
      api: { handler: (_request, response) => void response.end('ok') },
      ...{ port: 0, logger, http: { host: '127.0.0.1' }, headersTimeoutMs: 200 },
    });
    await server.start();
    return server;
  };
  /** A connection, and all that it is sent until it is closed. */
  const open = (port: number, ...words: string[]) => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    for (const word of words) socket.write(word);
    return { socket, closed: new Promise<string>((resolve) => socket.once('close', () => resolve(text))) };
  };

  test('that are slow or never come end the connection', async () => {
    const server = await startBounded();
    const slow = open(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n');
    const trickle = setInterval(() => slow.socket.write('X-Header: 1\r\n'), 50);
    const silent = open(server.port);
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(trickle);
    await silent.closed;
    await server.stop();
  });

  test('that are too large are refused, and the connection is closed', async () => {
    const server = await startBounded();
    const { closed } = open(server.port, `GET / HTTP/1.1\r\nHost: x\r\nX-Header: ${'x'.repeat(20_000)}`);
    expect(await closed).toMatch(/^HTTP\/1.1 431 /);
    await server.stop();
  });

  test('have their time from their first byte on: a kept connection may rest for longer', async () => {
    const server = await startBounded();
    const get = keepingClient(`http://127.0.0.1:${server.port}`);
    const first = await get('/');
    await first.text();
    const { socket } = first.answer;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const second = await get('/');
    expect([await second.text(), second.answer.socket === socket]).toEqual(['ok', true]);
    await server.stop();
  });
});
