import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LIVE_PATH, LIVE_PROTOCOL, type Delivery, type QueueList } from '@payfan/contracts';
import { openDatabase } from '@payfan/database';
import {
  openManagement,
  services,
  startPayfan,
  startServers,
  testAuthority,
  waitFor,
  writeKeyPair,
  type Payfan,
  type Servers,
} from '@payfan/stack/testing';
import WebSocket from 'ws';
import { httpsClient } from './https-client.ts';
import { startMailServer, type MailServer } from './mail-server.ts';

const authority = testAuthority();
const pair = authority.issue({ hosts: ['127.0.0.1'] });
const ask = httpsClient(authority.certificate);
const folder = mkdtempSync(path.join(tmpdir(), 'payfan-tls-'));
const inFolder = (name: string) => path.join(folder, name);
writeKeyPair(pair, folder);
writeFileSync(inFolder('ca.pem'), authority.certificate);

let servers: Servers;
let mailServer: MailServer;
let payfan: Payfan;
const variables: string[] = [];

/** The same address with TLS, verified. */
function withTls(value: string): string {
  const { amqpUrl, managementUrl } = servers.infrastructure;
  const { amqp = 0, management = 0 } = servers.rabbitmq[0].tlsPorts ?? {};
  return value
    .replace(/^postgres:.*$/, '$&?sslmode=verify-full')
    .replaceAll(/\bamqp:/g, 'amqps:')
    .replaceAll(/\bhttp:\/\/(?!localhost)/g, 'https://')
    .replaceAll(`:${new URL(amqpUrl).port}`, `:${amqp}`)
    .replaceAll(`:${new URL(managementUrl).port}`, `:${management}`);
}

beforeAll(async () => {
  servers = await startServers({ tls: pair });
  mailServer = await startMailServer('starttls', pair);
  payfan = await startPayfan({
    servers: servers.infrastructure,
    change: (service, env) => {
      const changed = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, withTls(value)]));
      if (service === 'email') changed['SMTP_URL'] = `smtp://127.0.0.1:${mailServer.port}?requireTLS=true`;
      variables.push(...Object.values(changed));
      return {
        ...changed,
        TLS_CERT_FILE: inFolder('tls.crt'),
        TLS_KEY_FILE: inFolder('tls.key'),
        NODE_EXTRA_CA_CERTS: inFolder('ca.pem'),
      };
    },
  });
});
afterAll(async () => {
  await payfan.stop();
  await mailServer.stop();
  await servers.stop();
  rmSync(folder, { recursive: true });
});

const urlOf = (service: string) => payfan.url(service).replace('http:', 'https:');

test('with TLS on every connection a transfer is committed, and its six alerts arrive', async () => {
  const socket = new WebSocket(`${urlOf('gateway').replace('https:', 'wss:')}${LIVE_PATH}`, LIVE_PROTOCOL, {
    ca: authority.certificate,
    headers: { authorization: 'Bearer demo_asha' },
  });
  await once(socket, 'open');

  const { status, body } = await ask<{ id: string }>(`${urlOf('transaction')}/v1/transfers`, 'demo_asha', {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID() },
    body: { to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' },
  });
  expect(status).toBe(201);
  let deliveries: Delivery[] = [];
  await waitFor(
    async () => {
      const url = `${urlOf('operations')}/v1/transfers/${body.id}/deliveries`;
      deliveries = (await ask<{ data: Delivery[] }>(url, 'demo_operator')).body.data;
      return deliveries.length === 6 && deliveries.every((delivery) => delivery.status === 'sent');
    },
    { what: 'six deliveries being sent' },
  );
  expect(mailServer.mails.map(({ to, secure }) => [to.join(), secure]).sort()).toEqual([
    ['asha@example.com', true],
    ['ravi@example.com', true],
  ]);
  const queues = await ask<QueueList>(`${urlOf('operations')}/v1/queues`, 'demo_operator');
  expect(queues.body.data.length).toBeGreaterThan(0);
  expect(queues.body.outbox.waiting).not.toBeNull();
  socket.close();
});

test('no program was given an address without TLS, and none answers plain HTTP', async () => {
  const plain = /\bamqp:|\bhttp:\/\/(?!localhost)|postgres:(?!.*sslmode=verify-full)|smtp:(?!.*requireTLS)/;
  expect(variables.filter((value) => plain.test(value))).toEqual([]);
  for (const { name } of services) await expect(fetch(`${payfan.url(name)}/livez`)).rejects.toThrow();
});

test('the servers themselves say that every connection is encrypted', async () => {
  const admin = openDatabase({ url: payfan.database.adminUrl, name: 'admin', max: 1 });
  const sessions = await admin.query<{ role: string; ssl: boolean }>({
    text: `select distinct usename as role, ssl from pg_stat_ssl join pg_stat_activity using (pid)
           where usename like 'payfan\\_%' order by 1`,
  });
  await admin.stop();
  const owners = services.filter(({ hasDatabase }) => hasDatabase).map(({ name }) => `payfan_${name}`);
  expect(sessions).toEqual(owners.sort().map((role) => ({ role, ssl: true })));

  const management = openManagement(payfan.vhost.managementUrl);
  const ours = async () => {
    const all = (await management.get('connections')) as { vhost: string; ssl: boolean }[];
    return all.filter(({ vhost }) => vhost === payfan.vhost.vhost);
  };
  // The management API counts connections at intervals.
  await waitFor(async () => (await ours()).length > 0, {
    what: 'the list of connections',
  });
  expect((await ours()).filter(({ ssl }) => !ssl)).toEqual([]);
});
