import { randomUUID } from 'node:crypto';
import type { DeliveryList } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import type { z } from 'zod';
import { someTransfer } from '../contract.ts';
import { claimDeliveries, recordOutcomes } from '../delivery-store.ts';
import { startChannelApi } from '../testing/channel-api.ts';
import { letDie } from '../testing/let-die.ts';

const event = someTransfer();
const { payer, payee } = event.data;
const error = `550 no such user: ${payee.phone}`;
let fresh: FreshDatabase;
let database: Database;
let api: Awaited<ReturnType<typeof startChannelApi>>;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
  api = await startChannelApi({
    channel: 'phone',
    database,
    broker: { publishable: false, publish: () => Promise.reject(new Error('nothing is published here')) },
    people: {
      payer: { kind: 'account', accountId: payer.accountId, tier: 'free' },
      stranger: { kind: 'account', accountId: randomUUID(), tier: 'free' },
    },
  });
  const claimant = { id: randomUUID(), seconds: 60 };
  const key = { eventId: event.id, role: 'payer' } as const;
  await claimDeliveries(database, claimant, [
    {
      ...key,
      transferId: event.data.transferId,
      committedAt: event.data.createdAt,
      accountId: payer.accountId,
      recipient: payer.phone,
    },
  ]);
  const made = { provider: 'pliable', reference: '<1@x>', uncertain: false, error: null, deadLetter: null };
  await recordOutcomes(database, claimant.id, [{ ...key, ...made, status: 'sent' }]);
  await letDie(database, event, { error });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
  await fresh.drop();
});

const deliveries = (key: string) =>
  api.get<z.output<typeof DeliveryList>>(`/v1/deliveries?transferId=${event.data.transferId}`, key);

test.each(['operator', 'service'])('the %s sees both deliveries whole', async (key) => {
  const { body } = await deliveries(key);
  expect(body.data).toEqual([
    {
      channel: 'phone',
      role: 'payer',
      recipient: payer.phone,
      status: 'sent',
      attempts: 1,
      provider: 'pliable',
      reference: '<1@x>',
      error: null,
      createdAt: expect.any(String),
      sentAt: expect.any(String),
      latencyMs: expect.any(Number),
    },
    {
      channel: 'phone',
      role: 'payee',
      recipient: payee.phone,
      status: 'dead',
      attempts: 1,
      provider: 'pliable',
      reference: null,
      error,
      createdAt: expect.any(String),
      sentAt: null,
      latencyMs: null,
    },
  ]);
});

test('a party sees both, but nothing of the other one’s address', async () => {
  const { body } = await deliveries('payer');
  expect(body.data.map(({ recipient }) => recipient)).toEqual([
    payer.phone,
    expect.stringMatching(/^\+91\*{6}\d{4}$/),
  ]);
  expect(JSON.stringify(body)).not.toContain(payee.phone);
});

test('anybody else sees nothing', async () => {
  expect(await deliveries('stranger')).toMatchObject({ status: 200, body: { data: [] } });
});

test('a transfer id that is none is refused', async () => {
  expect(await api.get('/v1/deliveries?transferId=7')).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ in: 'query', path: 'transferId' }] },
  });
});
