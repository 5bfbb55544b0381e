import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  freePort,
  freshDatabase,
  services,
  startProgram,
  testAuthority,
  testInfrastructure,
  waitFor,
  type KeyPair,
} from '@payfan/stack/testing';
import { tlsFront } from './front.ts';
import { startMailServer } from './mail-server.ts';

const REPOSITORY = path.resolve(__dirname, '../..');
const MIGRATE = path.join(REPOSITORY, 'shared/database/dist/migrate-main.js');
const CLIENT = path.join(REPOSITORY, 'tests/dist/tls/client-main.js');

const authority = testAuthority();
const stranger = testAuthority('A CA that nobody trusts');
const folder = mkdtempSync(path.join(tmpdir(), 'payfan-tls-'));
const caFile = path.join(folder, 'ca.pem');
writeFileSync(caFile, authority.certificate);
const hosts = ['127.0.0.1'];
const valid = authority.issue({ hosts });
const yesterday = new Date(Date.now() - 86_400_000);
const lastWeek = new Date(Date.now() - 7 * 86_400_000);

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ports {
  database: number;
  broker: number;
  mail: number;
  service: number;
  management: number;
}

const kept = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
  const one = await starting;
  running.push(one);
  return one;
};

/** What answers when the transaction service is asked about a key that it does not know. */
const refuse: RequestListener = (_request, response) => response.writeHead(401).end();

async function startService(pair?: KeyPair): Promise<number> {
  const server =
    pair === undefined
      ? createPlainServer(refuse)
      : createServer({ cert: pair.certificate, key: pair.key }, refuse);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({ stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) });
  return (server.address() as AddressInfo).port;
}

/** The servers of these tests speak plain text. */
async function plainPorts() {
  const { adminUrl, amqpUrl, managementUrl } = await testInfrastructure();
  const [database, broker, management] = [adminUrl, amqpUrl, managementUrl].map((url) =>
    Number(new URL(url).port),
  );
  return { database: database ?? 0, broker: broker ?? 0, management: management ?? 0 };
}

/** Everything with TLS by this certificate. */
async function withTls(pair: KeyPair): Promise<Ports> {
  const plain = await plainPorts();
  return {
    database: (await kept(tlsFront(plain.database, pair, 'postgres'))).port,
    broker: (await kept(tlsFront(plain.broker, pair))).port,
    management: (await kept(tlsFront(plain.management, pair))).port,
    mail: (await kept(startMailServer('smtps', pair))).port,
    service: await startService(pair),
  };
}

async function withoutTls(): Promise<Ports> {
  return {
    ...(await plainPorts()),
    mail: (await kept(startMailServer('plain', valid))).port,
    service: await startService(),
  };
}

/** Addresses at which a client asks for TLS, whatever is there. */
async function addressesAt(ports: Ports, smtp = `smtps://127.0.0.1:${ports.mail}`) {
  const { adminUrl, amqpUrl, managementUrl } = await testInfrastructure();
  const at = (url: string, scheme: string, port: number) =>
    url.replace(/^\w+:\/\/([^@]*@)[^/:]+:\d+/, `${scheme}://$1127.0.0.1:${port}`);
  return {
    DATABASE_URL: `${at(adminUrl, 'postgres', ports.database)}?sslmode=verify-full`,
    AMQP_URL: at(amqpUrl, 'amqps', ports.broker),
    MANAGEMENT_URL: at(managementUrl, 'https', ports.management),
    SMTP_URL: smtp,
    TRANSACTION_URL: `https://127.0.0.1:${ports.service}`,
  };
}

/** By connection, `ok` or why it was refused, from a process that trusts our CA. */
async function connectAll(addresses: Record<string, string>, ca = caFile): Promise<Record<string, string>> {
  const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: ca, ...addresses };
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT], { cwd: REPOSITORY, env });
  return JSON.parse(stdout) as Record<string, string>;
}

test('a certificate of a CA that is trusted, for this host and valid now, is accepted on every connection', async () => {
  expect(await connectAll(await addressesAt(await withTls(valid)))).toEqual({
    database: 'ok',
    broker: 'ok',
    mail: 'ok',
    service: 'ok',
    management: 'ok',
  });
});

test('sslrootcert names the CA of the database, whatever else the program trusts', async () => {
  const addresses = await addressesAt(await withTls(valid));
  const other = path.join(folder, 'stranger.pem');
  writeFileSync(other, stranger.certificate);
  const { database, broker } = await connectAll(
    { ...addresses, DATABASE_URL: `${addresses.DATABASE_URL}&sslrootcert=${caFile}` },
    other,
  );
  expect(database).toBe('ok');
  expect(broker).toMatch(/unable to verify the first certificate|self-signed/);
});

describe('the migration', () => {
  const run = async (pair: KeyPair, parameters = '', ca = caFile) => {
    const { DATABASE_URL } = await addressesAt(await withTls(pair));
    const { template } = await testInfrastructure();
    const url = new URL(`${DATABASE_URL}${parameters}`);
    url.pathname = `/${template}`;
    // The roles keep the passwords that they have in all tests.
    const passwords = Object.fromEntries(
      services
        .filter(({ hasDatabase }) => hasDatabase)
        .map(({ name }) => [`${name.toUpperCase()}_DB_PASSWORD`, `password-of-${name}`]),
    );
    const own = { ADMIN_DATABASE_URL: url.href, NODE_EXTRA_CA_CERTS: ca };
    const env = { PATH: process.env['PATH'], ...passwords, ...own };
    return promisify(execFile)(process.execPath, [MIGRATE], { cwd: REPOSITORY, env });
  };

  test.each(['', `&sslrootcert=${caFile}`])('runs over verified TLS%s', async (parameters) => {
    await run(valid, parameters);
  });

  test('ends where the certificate of the database is not trusted', async () => {
    await expect(run(stranger.issue({ hosts }))).rejects.toMatchObject({
      stderr: expect.stringMatching(/unable to verify the first certificate|self-signed/),
    });
  });

  test('ends with a sentence where the CA file cannot be read', async () => {
    await expect(run(valid, '', '/nowhere/ca.pem')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM'),
    });
  });
});

const each = (reason: RegExp) => {
  const matches: unknown = expect.stringMatching(reason);
  return { database: matches, broker: matches, mail: matches, service: matches, management: matches };
};

test.each([
  ['an unknown CA', stranger.issue({ hosts }), /unable to verify the first certificate|self-signed/],
  ['another host', authority.issue({ hosts: ['elsewhere.example', '192.0.2.1'] }), /altnames/],
  [
    'the past',
    authority.issue({ hosts, notBefore: lastWeek, notAfter: yesterday }),
    /certificate has expired/,
  ],
])('a certificate of %s is refused on every connection, with the reason', async (_whose, pair, reason) => {
  expect(await connectAll(await addressesAt(await withTls(pair)))).toEqual(each(reason));
});

test('a server that speaks plain text is refused on every connection', async () => {
  const reasons =
    /does not support SSL|wrong version number|packet length too long|SSL routines|closed|ECONNRESET/;
  expect(await connectAll(await addressesAt(await withoutTls()))).toEqual(each(reasons));
});

describe('SMTP with requireTLS', () => {
  const outcome = async (how: 'starttls' | 'plain', pair: KeyPair) => {
    const server = await kept(startMailServer(how, pair));
    const smtp = `smtp://127.0.0.1:${server.port}?requireTLS=true`;
    const others = { database: 1, broker: 1, service: 1, management: 1 };
    const { mail } = await connectAll(await addressesAt({ ...others, mail: server.port }, smtp));
    return { mail, received: server.mails.map(({ secure }) => secure) };
  };

  test('begins TLS by STARTTLS', async () => {
    expect(await outcome('starttls', valid)).toEqual({ mail: 'ok', received: [true] });
  });

  test.each([
    ['offers no STARTTLS', 'plain' as const, valid, /^failed: /],
    [
      'has a certificate of an unknown CA',
      'starttls' as const,
      stranger.issue({ hosts }),
      /^failed: .*certificate/,
    ],
  ])('hands nothing to a server that %s', async (_what, how, pair, reason) => {
    const { mail, received } = await outcome(how, pair);
    expect(mail).toMatch(reason);
    expect(received).toEqual([]);
  });
});

describe('a program', () => {
  const phone = (name: string, addresses: Record<string, string>) => {
    const { AMQP_URL = '', DATABASE_URL = '' } = addresses;
    return startProgram({
      name,
      entry: 'services/phone/dist/main.js',
      env: { AMQP_URL, DATABASE_URL, SERVICE_KEY: 'a-key', NODE_EXTRA_CA_CERTS: caFile },
    });
  };

  test('that cannot trust its database ends with that reason', async () => {
    const addresses = await addressesAt(await withTls(stranger.issue({ hosts })));
    await expect(phone('phone-database', addresses)).rejects.toThrow(
      /unable to verify the first certificate[\s\S]*database failed to start/,
    );
  });

  test('that cannot trust its broker says so in its log and in /readyz', async () => {
    const database = await freshDatabase();
    const port = String(await freePort());
    const { AMQP_URL } = await addressesAt(await withTls(stranger.issue({ hosts })));
    const program = await startProgram({
      name: 'phone-broker',
      entry: 'services/phone/dist/main.js',
      env: {
        ...{ PORT: port, AMQP_URL, DATABASE_URL: database.urlFor('phone') },
        ...{ SERVICE_KEY: 'a-key', NODE_EXTRA_CA_CERTS: caFile },
      },
      readyUrls: [`http://127.0.0.1:${port}/livez`],
    });
    const reason = /unable to verify the first certificate|self-signed certificate/;
    const readiness = async () =>
      (await (await fetch(`${program.url}/readyz`)).json()) as { status: string; checks: { broker: string } };
    await waitFor(async () => reason.test((await readiness()).checks.broker), {
      what: 'the reason in /readyz',
    });
    expect((await readiness()).status).toBe('not ready');
    expect(program.output()).toMatch(reason);
    await program.stop();
    await database.drop();
  });

  test('whose CA file cannot be read ends with a sentence', async () => {
    const start = startProgram({
      name: 'phone-ca',
      entry: 'services/phone/dist/main.js',
      env: { ...(await addressesAt(await withTls(valid))), NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' },
    });
    await expect(start).rejects.toThrow(
      'NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but "/nowhere/ca.pem" cannot be read',
    );
  });
});
