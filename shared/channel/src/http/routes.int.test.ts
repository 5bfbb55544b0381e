import { randomUUID } from 'node:crypto';
import type { Delivery } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  type HttpServer,
  type Principal,
} from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { someTransfer } from '../contract.ts';
import { storeUnreadable } from '../dead-letter-store.ts';
import { claimDeliveries, recordOutcomes } from '../delivery-store.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { deliveryRoutes } from './deliveries.ts';

const event = someTransfer();
const { payer, payee } = event.data;
const claimant = { id: randomUUID(), seconds: 60 };
const people: Record<string, Principal> = {
  payer: { kind: 'account', accountId: payer.accountId, tier: 'free' },
  stranger: { kind: 'account', accountId: randomUUID(), tier: 'free' },
  operator: { kind: 'operator' },
  service: { kind: 'service', name: 'web' },
};
let fresh: FreshDatabase;
let database: Database;
let server: HttpServer;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('email'), name: 'email' });
  const logger = createLogger({ service: 'email', level: 'silent' });
  const api = createApi({
    title: 'email',
    description: '',
    version: '1',
    logger,
    health: createHealth({}),
    metrics: createMetrics('email'),
    authenticate: (key) => Promise.resolve(people[key]),
  });
  deliveryRoutes(api, { name: 'email', database });
  deadLetterRoutes(api, database);
  server = httpServer({ api, port: 0, logger, host: '127.0.0.1' });
  await server.start();

  const common = { eventId: event.id, transferId: event.data.transferId, committedAt: event.data.createdAt };
  await claimDeliveries(database, claimant, [
    { ...common, role: 'payer', accountId: payer.accountId, recipient: payer.email },
    { ...common, role: 'payee', accountId: payee.accountId, recipient: payee.email },
  ]);
  const error = `550 no such user: ${payee.email}`;
  await recordOutcomes(database, claimant.id, [
    {
      eventId: event.id,
      role: 'payer',
      status: 'sent',
      uncertain: false,
      provider: 'smtp',
      reference: '<1@x>',
      error: null,
      deadLetter: null,
    },
    {
      eventId: event.id,
      role: 'payee',
      status: 'dead',
      uncertain: false,
      provider: 'smtp',
      reference: null,
      error,
      deadLetter: {
        subject: `${event.id}.payee`,
        reason: 'rejected',
        lane: 'interactive',
        routingKey: 'transfer.completed.interactive',
        headers: { traceparent: event.traceparent },
        body: Buffer.from(JSON.stringify(event)),
      },
    },
  ]);
  await storeUnreadable(database, {
    reason: 'unreadable',
    error: 'malformed: the body is not JSON',
    lane: 'bulk',
    routingKey: 'a.b.bulk',
    headers: {},
    body: Buffer.from([0xff, 0x00]),
  });
});
afterAll(async () => {
  await server.stop();
  await database.stop();
  await fresh.drop();
});

interface Answer {
  status: number;
  body: { data: (Partial<Delivery> & { id?: number })[]; nextCursor?: string | null };
}

async function get(path: string, key: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
const deliveries = (key: string) => get(`/v1/deliveries?transferId=${event.data.transferId}`, key);

test.each(['operator', 'service'])('the %s sees both deliveries whole', async (key) => {
  const { body } = await deliveries(key);
  expect(body.data).toEqual([
    {
      channel: 'email',
      role: 'payer',
      recipient: payer.email,
      status: 'sent',
      attempts: 1,
      provider: 'smtp',
      reference: '<1@x>',
      error: null,
      createdAt: expect.any(String),
      sentAt: expect.any(String),
      latencyMs: expect.any(Number),
    },
    {
      channel: 'email',
      role: 'payee',
      recipient: payee.email,
      status: 'dead',
      attempts: 1,
      provider: 'smtp',
      reference: null,
      error: `550 no such user: ${payee.email}`,
      createdAt: expect.any(String),
      sentAt: null,
      latencyMs: null,
    },
  ]);
});

test('a party sees both, but nothing of the other one’s address', async () => {
  const { body } = await deliveries('payer');
  expect(body.data.map(({ recipient }) => recipient)).toEqual([payer.email, 'p***@example.com']);
  expect(JSON.stringify(body)).not.toContain(payee.email);
});

test('anybody else sees nothing', async () => {
  expect(await deliveries('stranger')).toEqual({ status: 200, body: { data: [] } });
});

test('a transfer id that is none is refused', async () => {
  expect(await get('/v1/deliveries?transferId=7', 'operator')).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ in: 'query', path: 'transferId' }] },
  });
});

test('operators list dead letters, newest first, page by page, and open one', async () => {
  const first = await get('/v1/dead-letters?limit=1', 'operator');
  expect(first.body.data).toMatchObject([{ reason: 'unreadable', lane: 'bulk', times: 1, eventId: null }]);
  const second = await get(`/v1/dead-letters?limit=1&after=${first.body.nextCursor}`, 'operator');
  expect(second.body).toMatchObject({
    data: [{ reason: 'rejected', role: 'payee', subject: `${event.id}.payee` }],
    nextCursor: null,
  });
  expect((await get(`/v1/dead-letters/${second.body.data[0]?.id}`, 'operator')).body).toMatchObject({
    body: JSON.stringify(event),
    headers: { traceparent: event.traceparent },
    routingKey: 'transfer.completed.interactive',
  });
  expect((await get(`/v1/dead-letters/${first.body.data[0]?.id}`, 'operator')).body).toMatchObject({
    bodyBase64: '/wA=',
  });
  expect(await get('/v1/dead-letters/999999', 'operator')).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
});

test.each(['payer', 'service'])('dead letters are not for the %s', async (key) => {
  expect(await get('/v1/dead-letters', key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect(await get('/v1/dead-letters/1', key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});
