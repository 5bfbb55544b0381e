import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testAuthority, waitFor, type KeyPair } from '@payfan/stack/testing';
import { ConfigError } from '../config.ts';
import { createHealth } from '../health.ts';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createApi } from './api.ts';
import { httpServer } from './server.ts';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { HttpServer } from './server.ts';

const authority = testAuthority();
const folder = mkdtempSync(path.join(tmpdir(), 'payfan-tls-'));
const files = { certFile: path.join(folder, 'tls.crt'), keyFile: path.join(folder, 'tls.key') };
const put = ({ certificate, key }: KeyPair) => {
  writeFileSync(files.certFile, certificate);
  writeFileSync(files.keyFile, key);
};
const ofThisMachine = authority.issue({ hosts: ['localhost', '127.0.0.1'] });

let server: HttpServer | undefined;
let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  put(ofThisMachine);
});
afterEach(() => server?.stop());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(onUpgrade?: (socket: { end(text: string): void }) => void): Promise<HttpServer> {
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const logger = createLogger({ service: 'test', level: 'info', destination });
  const info = { title: 'TLS', description: '', version: '1' };
  const api = createApi({ ...info, logger, health: createHealth({}), metrics: createMetrics('test') });
  server = httpServer({
    api,
    http: { host: '127.0.0.1', tls: files },
    port: 0,
    logger,
    renewEveryMs: 20,
    ...(onUpgrade && { onUpgrade: (_request, socket) => onUpgrade(socket) }),
  });
  await server.start();
  return server;
}

/** What a client gets that trusts this CA; rejects if it does not trust the server. */
async function ask(
  { port }: HttpServer,
  { ca = authority.certificate, host = '127.0.0.1', headers = {}, agent = new Agent() } = {},
) {
  const sent = request({ host, port, path: '/livez', ca, headers, agent }).end();
  let serialNumber = '';
  sent.once('socket', (socket: TLSSocket) =>
    socket.once('secureConnect', () => (serialNumber = socket.getPeerCertificate().serialNumber)),
  );
  const [answer] = (await Promise.race([once(sent, 'response'), once(sent, 'upgrade')])) as [IncomingMessage];
  answer.resume();
  return { status: answer.statusCode, serialNumber };
}

test('a client that trusts the CA is answered by https', async () => {
  const running = await start();
  expect((await ask(running)).status).toBe(200);
  expect((await ask(running, { host: 'localhost' })).status).toBe(200);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: `listening on port ${running.port}`, tls: true }),
  );
});

test('a client that does not trust the CA leaves, and so does one that speaks plain HTTP', async () => {
  const running = await start();
  const stranger = testAuthority('another CA');
  await expect(ask(running, { ca: stranger.certificate })).rejects.toMatchObject({
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
  await expect(once(getPlain(`http://127.0.0.1:${running.port}/livez`), 'response')).rejects.toMatchObject({
    code: 'ECONNRESET',
  });
});

test('WebSockets begin over TLS too', async () => {
  const running = await start((socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'),
  );
  const headers = { connection: 'Upgrade', upgrade: 'x' };
  expect((await ask(running, { headers })).status).toBe(101);
});

test('a new certificate is served without a restart, also to the next request of a client that stays', async () => {
  const running = await start();
  const before = await ask(running);
  put(authority.issue({ hosts: ['127.0.0.1'] }));
  await waitFor(async () => (await ask(running)).serialNumber !== before.serialNumber, {
    what: 'the new certificate',
  });
});

test('a certificate whose key has not come yet changes nothing, and is served once the key is there', async () => {
  const running = await start();
  const before = await ask(running);
  const next = authority.issue({ hosts: ['127.0.0.1'] });
  writeFileSync(files.certFile, next.certificate);
  await waitFor(() => Promise.resolve(lines.some(({ level }) => level === 'warn')), {
    what: 'a warning',
  });
  expect(await ask(running)).toEqual(before);
  put(next);
  await waitFor(async () => (await ask(running)).serialNumber !== before.serialNumber, {
    what: 'the new certificate',
  });
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('stopping closes clients that keep their connection, and those that never began TLS', async () => {
  const running = await start();
  const agent = new Agent({ keepAlive: true });
  await ask(running, { agent });
  const silent = connect(running.port, '127.0.0.1');
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  silent.on('error', () => undefined).resume();
  await running.stop();
  await closed;
  agent.destroy();
});

const create = () =>
  httpServer({
    api: { handler: () => undefined },
    http: { tls: files },
    port: 0,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });

test('files that cannot be used stop the start with a sentence', () => {
  put({ ...ofThisMachine, key: authority.issue({ hosts: ['127.0.0.1'] }).key });
  expect(create).toThrow(ConfigError);
  expect(create).toThrow('TLS_CERT_FILE and TLS_KEY_FILE must be a certificate and its private key in PEM');
  rmSync(files.keyFile);
  expect(create).toThrow(
    `TLS_KEY_FILE must be a file that can be read, but it is "${files.keyFile}" (ENOENT:`,
  );
  rmSync(files.certFile);
  expect(create).toThrow('TLS_CERT_FILE must be a file that can be read');
});
