import { randomUUID } from 'node:crypto';
import type { DeliveryList } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import type { Principal } from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import type { z } from 'zod';
import { somePayout, someTransfer } from '../contract.ts';
import { claimDeliveries, recordOutcomes } from '../delivery-store.ts';
import { recipientsOf } from '../recipient.ts';
import { startChannelApi } from '../testing/channel-api.ts';
import { letDie } from '../testing/let-die.ts';
import { toldOf } from '../told-of.ts';

const event = someTransfer();
const { payer, payee } = event.data;
const error = `550 no such user: ${payee.phone}`;
const payout = somePayout();
const { payoutId, owner } = payout.data;
const part = someTransfer({ lane: 'bulk', payoutId });
part.data.payer = owner;
const people: Record<string, Principal> = {
  payer: { kind: 'account', accountId: payer.accountId, tier: 'free' },
  payee: { kind: 'account', accountId: payee.accountId, tier: 'free' },
  owner: { kind: 'account', accountId: owner.accountId, tier: 'free' },
  stranger: { kind: 'account', accountId: randomUUID(), tier: 'free' },
};
type List = z.output<typeof DeliveryList>;
let fresh: FreshDatabase;
let database: Database;
let api: Awaited<ReturnType<typeof startChannelApi>>;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
  api = await startChannelApi({
    channel: 'phone',
    database,
    people,
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
  const made = { provider: 'pliable', uncertain: false, deadLetter: null };
  const sent = { status: 'sent', reference: '<1@x>', error: null, nextAttemptInMs: null } as const;
  await recordOutcomes(database, claimant.id, [{ ...key, ...made, ...sent }]);
  await letDie(database, event, { error });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
  await fresh.drop();
});

const deliveries = (key: string) => api.get<List>(`/v1/deliveries?transferId=${event.data.transferId}`, key);

test('a service without the grant is refused', async () => {
  expect(await deliveries('other')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});

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
      nextAttemptAt: null,
      createdAt: expect.any(String),
      sentAt: expect.any(String),
      latencyMs: expect.any(Number),
      pausedSeconds: 0,
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
      nextAttemptAt: null,
      createdAt: expect.any(String),
      sentAt: null,
      latencyMs: null,
      pausedSeconds: 0,
    },
  ]);
});

test('a party sees both deliveries: a payer the whole number of the payee, a payee the last digits of the payer’s', async () => {
  const { body } = await deliveries('payer');
  expect(body.data.map(({ recipient }) => recipient)).toEqual([payer.phone, payee.phone]);
  expect((await deliveries('payee')).body.data.map(({ recipient }) => recipient)).toEqual([
    expect.stringMatching(/^\+91\*{6}\d{4}$/),
    payee.phone,
  ]);
  expect(JSON.stringify(body)).not.toContain(error);
});

test('anybody else sees nothing', async () => {
  expect(await deliveries('stranger')).toMatchObject({ status: 200, body: { data: [] } });
});

test('while one waits for its next attempt it says when that is, and no longer when that has begun', async () => {
  const waiting = someTransfer();
  const claimant = { id: randomUUID(), seconds: 60 };
  const key = { eventId: waiting.id, role: 'payee' } as const;
  const { accountId, phone: recipient } = waiting.data.payee;
  const claim = () =>
    claimDeliveries(database, claimant, [{ ...key, accountId, recipient, ...toldOf(waiting) }]);
  const seen = async () =>
    (await api.get<List>(`/v1/deliveries?transferId=${waiting.data.transferId}`)).body.data[0];
  await claim();
  const made = { provider: 'pliable', reference: null, uncertain: false, deadLetter: null };
  const failed = { status: 'retrying', error: '503', nextAttemptInMs: 3_600_000 } as const;
  await recordOutcomes(database, claimant.id, [{ ...key, ...made, ...failed }]);

  const [retrying] = [await seen(), await claim()];
  expect(retrying).toMatchObject({ status: 'retrying', nextAttemptAt: expect.any(String) });
  const [{ now } = { now: new Date() }] = await database.query<{ now: Date }>({
    text: 'select clock_timestamp() as now',
  });
  const leftMs = Date.parse(String(retrying?.nextAttemptAt)) - now.getTime();
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(3_600_000);
  expect(await seen()).toMatchObject({ status: 'sending', nextAttemptAt: null });
});

describe('of a payout', () => {
  beforeAll(async () => {
    const claimant = { id: randomUUID(), seconds: 60 };
    const wanted = [payout, part].flatMap((of) =>
      recipientsOf(of).map(({ role, party }) => {
        const { accountId, phone: recipient } = party;
        return { eventId: of.id, role, accountId, recipient, ...toldOf(of) };
      }),
    );
    await claimDeliveries(database, claimant, wanted);
  });

  test('its owner, operators and services see the one of the whole; others nothing', async () => {
    const whole = (who: string) => api.get<List>(`/v1/deliveries?payoutId=${payoutId}`, who);
    for (const who of ['owner', 'operator', 'service']) {
      const { body } = await whole(who);
      expect(body.data).toMatchObject([{ role: 'payer', recipient: owner.phone, status: 'sending' }]);
    }
    expect((await whole('stranger')).body.data).toEqual([]);
  });

  test('its owner sees the delivery to a payee with the phone number that the owner entered', async () => {
    const path = `/v1/deliveries?transferId=${part.data.transferId}`;
    const { body } = await api.get<List>(path, 'owner');
    expect(body.data).toMatchObject([{ role: 'payee', recipient: part.data.payee.phone }]);
    expect((await api.get<List>(path)).body.data).toMatchObject([{ recipient: part.data.payee.phone }]);
    expect((await api.get<List>(path, 'stranger')).body.data).toEqual([]);
  });
});

test.each([
  ['a transfer id that is none', 'transferId=7', 'transferId'],
  ['a payout id that is none', 'payoutId=7', 'payoutId'],
  ['neither', '', ''],
  ['both', `transferId=${randomUUID()}&payoutId=${randomUUID()}`, ''],
])('%s is refused', async (_, query, path) => {
  expect(await api.get(`/v1/deliveries?${query}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ in: 'query', path }] },
  });
});
