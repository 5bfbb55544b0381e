import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, rowsReadByIndex, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import {
  claimDeliveries,
  freeClaimsOfTheGone,
  recordOutcomes,
  undoClaims,
  type NewDelivery,
  type Outcome,
} from './delivery-store.ts';
import { updatesOnTheirPage } from './testing/updates-of-deliveries.ts';

let fresh: FreshDatabase;
let database: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

const claimant = { id: randomUUID(), seconds: 60 };
const somebodyElse = { id: randomUUID(), seconds: 60 };

function newDelivery(committedSecondsAgo = 0): NewDelivery {
  return {
    eventId: randomUUID(),
    role: 'payee',
    transferId: randomUUID(),
    accountId: randomUUID(),
    recipient: '+917010233311',
    committedAt: new Date(Date.now() - committedSecondsAgo * 1_000).toISOString(),
  };
}

function outcome({ eventId, role }: NewDelivery, status: Outcome['status'] = 'sent'): Outcome {
  const unsent = status === 'sent' ? null : 'busy';
  return {
    eventId,
    role,
    status,
    uncertain: false,
    provider: 'sms',
    reference: null,
    error: unsent,
    nextAttemptInMs: status === 'retrying' ? 1_000 : null,
    deadLetter:
      status === 'dead'
        ? {
            subject: `${eventId}.${role}`,
            reason: 'rejected',
            lane: 'interactive',
            routingKey: 'transfer.completed.interactive',
            headers: {},
            body: Buffer.from('{}'),
          }
        : null,
  };
}

test('each of a mixed batch gets the claim that is its own', async () => {
  const [sent, busy, twice] = [newDelivery(), newDelivery(), newDelivery()];
  await claimDeliveries(database, claimant, [sent]);
  await recordOutcomes(database, claimant.id, [outcome(sent)]);
  await claimDeliveries(database, somebodyElse, [busy]);
  const claims = await claimDeliveries(database, claimant, [
    newDelivery(),
    sent,
    twice,
    busy,
    twice,
    newDelivery(),
  ]);
  expect(claims.map(({ kind }) => kind)).toEqual(['ours', 'done', 'ours', 'busy', 'busy', 'ours']);
});

test('each outcome of a mixed batch belongs to its own record', async () => {
  const hourAgo = newDelivery(3_600);
  const [later, taken, dead] = [newDelivery(), newDelivery(), newDelivery()];
  const dayAgo = newDelivery(86_400);
  await claimDeliveries(database, claimant, [hourAgo, later, dead, dayAgo]);
  await claimDeliveries(database, somebodyElse, [taken]);
  const recorded = await recordOutcomes(database, claimant.id, [
    outcome(hourAgo),
    outcome(later, 'retrying'),
    outcome(taken),
    outcome(dead, 'dead'),
    outcome(dayAgo),
  ]);
  const minutes = recorded.map((record) => Math.round((record?.latencyMs ?? 0) / 60_000));
  expect(minutes).toEqual([60, 0, 0, 0, 24 * 60]);
  expect(recorded.map((record) => record !== null)).toEqual([true, true, false, true, true]);
  const letters = await database.query({ text: 'select event_id as "eventId" from dead_letters' });
  expect(letters).toEqual([{ eventId: dead.eventId }]);
});

test('what is recorded of a crowd stays on the pages on which it was claimed, but for a few', async () => {
  const crowd = Array.from({ length: 200 }, () => newDelivery());
  await claimDeliveries(database, claimant, crowd);
  await recordOutcomes(
    database,
    claimant.id,
    crowd.map((delivery) => ({ ...outcome(delivery), reference: `${delivery.eventId}.payee` })),
  );
  expect(await updatesOnTheirPage(fresh, database, crowd.length)).toBeGreaterThanOrEqual(170);
});

/** What is done with claims of `claimant`, who is not present, so that anybody may free them. */
const ENDINGS: [string, (db: Database, claimed: NewDelivery[]) => Promise<unknown>][] = [
  ['recording what is sent', (db, claimed) => record(db, claimed, 'sent')],
  ['recording what is retried', (db, claimed) => record(db, claimed, 'retrying')],
  ['freeing claims of the gone', freeClaimsOfTheGone],
  ['undoing claims', (db, claimed) => undoClaims(db, claimant.id, claimed)],
];

const record = (db: Database, claimed: NewDelivery[], status: Outcome['status']) =>
  recordOutcomes(
    db,
    claimant.id,
    claimed.map((delivery) => outcome(delivery, status)),
  );

test.each(ENDINGS)(
  '%s reads no more than that, also by a plan made in a table that was analysed while empty',
  async (_, end) => {
    const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
    const one = openDatabase({ url: fresh.urlFor('phone'), name: 'phone', max: 1 });
    const claimAndEnd = async (count: number) => {
      const crowd = Array.from({ length: count }, () => newDelivery());
      await claimDeliveries(database, claimant, crowd);
      await end(one, crowd);
    };
    const rowsRead = () => rowsReadByIndex(admin, ['phone.deliveries'], [one]);
    try {
      await admin.query({ text: 'vacuum analyze phone.deliveries' });
      await claimAndEnd(1);
      await claimDeliveries(
        database,
        somebodyElse,
        Array.from({ length: 2_000 }, () => newDelivery()),
      );

      const before = await rowsRead();
      await claimAndEnd(10);
      expect((await rowsRead()) - before).toBeLessThanOrEqual(20);
    } finally {
      await one.stop();
      await admin.stop();
    }
  },
);

test.each(ENDINGS)('%s locks rows in the order of their keys, as claims do', async (_, end) => {
  const [low, high] = [
    { ...newDelivery(), eventId: '0a000000-0000-7000-8000-000000000000' },
    { ...newDelivery(), eventId: 'a0000000-0000-7000-8000-000000000000' },
  ];
  await claimDeliveries(database, claimant, [low, high]);
  const lock = ({ eventId }: NewDelivery) => ({
    text: 'select from deliveries where event_id = $1 for update skip locked',
    values: [eventId],
  });
  const ending = await database.transaction(async (tx) => {
    await tx.query(lock(low));
    const promise = end(database, [high, low]);
    await waitFor(
      async () => (await database.query({ text: 'select from pg_locks where not granted' })).length > 0,
      { what: 'a statement waiting for the row' },
    );
    expect(await tx.query(lock(high))).toHaveLength(1);
    return { promise };
  });
  await ending.promise;
  const held = { text: 'select from deliveries where claimed_until > clock_timestamp()' };
  expect(await database.query(held)).toEqual([]);
});
