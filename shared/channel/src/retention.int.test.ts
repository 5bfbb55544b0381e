import { randomUUID } from 'node:crypto';
import type { PaymentEvent, Role } from '@payfan/contracts';
import { openDatabase, type Database, type Queryable } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { somePayout, someTransfer } from './contract.ts';
import { claimDeliveries, recordOutcomes, type Outcome } from './delivery-store.ts';
import { storeUnreadable } from './dead-letter-store.ts';
import { findOpenLetters, leaseLetters, reviveDeliveries, settleLetters } from './replay-store.ts';
import { letDie } from './testing/let-die.ts';
import { updatesOnTheirPage } from './testing/updates-of-deliveries.ts';

let fresh: FreshDatabase;
let database: Database;
let admin: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
});
afterEach(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});

type Table = 'deliveries' | 'dead_letters';
/** As the channel's own role. Answers how many went, and whether there is more to look at. */
async function forget(
  table: Table,
  { days = 90, after = '-infinity', rows = 5_000 } = {},
  db: Queryable = database,
) {
  const [answer] = await db.query<{ removed: number; upto: string | null }>({
    text: `select removed, upto::text from forget_${table}($1, $2::timestamptz, $3)`,
    values: [days, after, rows],
  });
  return answer;
}

const claimant = { id: randomUUID(), seconds: 60 };
const ROLE = 'payee';

/** A delivery that is being attempted; answers its event's id. */
async function deliver(): Promise<string> {
  const { id: eventId, data } = someTransfer();
  const { transferId, createdAt: committedAt, payee } = data;
  const { accountId, phone: recipient } = payee;
  await claimDeliveries(database, claimant, [
    { eventId, role: ROLE, transferId, accountId, recipient, committedAt },
  ]);
  return eventId;
}
async function settle(eventId: string, status: Outcome['status']): Promise<string> {
  const made = {
    provider: 'sms',
    reference: null,
    error: null,
    uncertain: false,
    nextAttemptInMs: null,
    deadLetter: null,
  };
  await recordOutcomes(database, claimant.id, [{ eventId, role: ROLE, status, ...made }]);
  return eventId;
}
const send = async () => settle(await deliver(), 'sent');
async function die(event: PaymentEvent = someTransfer(), role: Role = ROLE): Promise<string> {
  await letDie(database, event, { role });
  return event.id;
}
/** Replays every open letter, as the channel does, up to the publishing. */
async function replayAll(): Promise<void> {
  const { deaths } = await findOpenLetters(database, { filter: { state: 'open' } }, 100);
  const letters = await leaseLetters(database, deaths, { limit: 100, seconds: 30 });
  await reviveDeliveries(database, letters);
  await settleLetters(database, { replayed: deaths, unsent: [], by: 'a test' });
}

/** Makes everything there is so many days older. */
async function pass(days: number): Promise<void> {
  for (const [table, columns] of [
    ['deliveries', ['created_at', 'committed_at', 'sent_at']],
    ['dead_letters', ['created_at', 'last_at']],
    ['dead_letter_replays', ['replayed_at']],
  ] as const) {
    const set = columns.map((column) => `${column} = ${column} - make_interval(days => $1)`);
    await admin.query({ text: `update phone.${table} set ${set.join(', ')}`, values: [days] });
  }
}
const events = async (table: Table) =>
  (
    await admin.query<{ id: string }>({
      text: `select event_id as id from phone.${table} order by created_at`,
    })
  ).map(({ id }) => id);

describe('deliveries', () => {
  test('go when they were sent long ago; recent ones stay', async () => {
    const old = await send();
    await pass(91);
    const recent = await send();
    await pass(1);
    expect(await events('deliveries')).toEqual([old, recent]);
    expect(await forget('deliveries')).toEqual({ removed: 1, upto: null });
    expect(await events('deliveries')).toEqual([recent]);
  });

  test('stay while they are being sent or wait for a further attempt, however old', async () => {
    const sending = await deliver();
    const retrying = await settle(await deliver(), 'retrying');
    await pass(1_000);
    expect(await forget('deliveries')).toEqual({ removed: 0, upto: null });
    expect(await events('deliveries')).toEqual([sending, retrying]);
  });

  test('that are dead stay as long as their letter does', async () => {
    const dead = [await die(), await die(somePayout(), 'payer')];
    await pass(1_000);
    await forget('dead_letters');
    await forget('deliveries');
    expect([await events('deliveries'), await events('dead_letters')]).toEqual([dead, dead]);
  });

  test('that are sent stay as long as a letter is kept that a replay would send again', async () => {
    const revived = await die();
    await replayAll();
    await claimAgain(revived);
    await settle(revived, 'sent');
    // Another copy of a message that the broker gave up on, say, opens it again.
    await admin.query({ text: `update phone.dead_letters set state = 'open'` });
    await pass(1_000);
    await forget('dead_letters');
    expect(await forget('deliveries')).toEqual({ removed: 0, upto: null });
    expect(await events('deliveries')).toEqual([revived]);
  });

  test('that were made long ago and sent lately stay', async () => {
    const late = await settle(await deliver(), 'retrying');
    await pass(91);
    await claimAgain(late);
    await settle(late, 'sent');
    expect(await forget('deliveries')).toEqual({ removed: 0, upto: null });
    expect(await events('deliveries')).toEqual([late]);
    await pass(91);
    expect(await forget('deliveries')).toEqual({ removed: 1, upto: null });
  });

  test('go in portions, past those that must stay', async () => {
    for (let made = 0; made < 3; made += 1) await deliver();
    for (let made = 0; made < 2; made += 1) await send();
    await pass(91);
    const first = await forget('deliveries', { rows: 2 });
    expect(first).toEqual({ removed: 0, upto: expect.any(String) as string });
    const second = await forget('deliveries', { rows: 2, after: first?.upto ?? '' });
    expect(second).toEqual({ removed: 1, upto: expect.any(String) as string });
    expect(await forget('deliveries', { rows: 2, after: second?.upto ?? '' })).toEqual({
      removed: 1,
      upto: null,
    });
  });

  test('that somebody holds are passed over', async () => {
    const [held] = [await send(), await send()];
    await pass(91);
    await admin.transaction(async (tx) => {
      await tx.query({ text: 'select from phone.deliveries where event_id = $1 for update', values: [held] });
      expect(await forget('deliveries')).toEqual({ removed: 1, upto: null });
    });
    expect(await events('deliveries')).toEqual([held]);
  });

  /** As the copy does that a replay sent round. */
  async function claimAgain(eventId: string): Promise<void> {
    const claims = await claimDeliveries(database, claimant, [
      {
        eventId,
        role: ROLE,
        transferId: randomUUID(),
        accountId: randomUUID(),
        recipient: '+917010233311',
        committedAt: new Date().toISOString(),
      },
    ]);
    expect(claims).toMatchObject([{ kind: 'ours' }]);
  }
});

describe('dead letters', () => {
  test('that were replayed long ago go, with the record of it; open ones stay for ever', async () => {
    const replayed = await die();
    await replayAll();
    const open = await die();
    await pass(1_000);
    expect(await events('dead_letters')).toEqual([replayed, open]);
    expect(await forget('dead_letters')).toEqual({ removed: 1, upto: null });
    expect(await events('dead_letters')).toEqual([open]);
    expect(await admin.query({ text: 'select from phone.dead_letter_replays' })).toEqual([]);
  });

  test('that died long ago and were replayed lately stay', async () => {
    const letter = await die();
    await pass(1_000);
    await replayAll();
    expect(await forget('dead_letters')).toEqual({ removed: 0, upto: null });
    expect(await events('dead_letters')).toEqual([letter]);
  });

  test('without an event go likewise', async () => {
    const body = Buffer.from('{');
    await storeUnreadable(database, {
      ...{ reason: 'unreadable', error: 'no JSON', lane: null, routingKey: 'a.b.bulk', headers: {} },
      body,
    });
    await replayAll();
    await pass(91);
    expect(await forget('dead_letters')).toEqual({ removed: 1, upto: null });
  });
});

describe('the role of a channel', () => {
  test.each(['deliveries', 'dead_letters', 'dead_letter_replays'])(
    'may delete no %s itself',
    async (table) => {
      await expect(database.query({ text: `delete from ${table}` })).rejects.toThrow('permission denied');
    },
  );

  test.each<[Table, number]>([
    ['deliveries', 29],
    ['deliveries', 0],
    ['deliveries', -1],
    ['dead_letters', 29],
  ])('cannot have %s removed that are %i days old', async (table, days) => {
    await send();
    await pass(29);
    await expect(forget(table, { days })).rejects.toThrow('kept for at least 30 days');
    expect((await events('deliveries')).length).toBe(1);
  });

  test('cannot put a table of its own in the place of another', async () => {
    await send();
    await pass(91);
    await database.transaction(async (tx) => {
      await tx.query({ text: 'create temporary table deliveries (like phone.deliveries)' });
      expect(await forget('deliveries', {}, tx)).toEqual({ removed: 1, upto: null });
    });
  });

  test('of another channel may not call it', async () => {
    const other = openDatabase({ url: fresh.urlFor('email'), name: 'email', max: 1 });
    await expect(other.query({ text: `select phone.forget_deliveries(90, '-infinity', 1)` })).rejects.toThrow(
      'permission denied',
    );
    await other.stop();
  });
});

test('what happens to a delivery changes no indexed column, so that its versions stay on their page', async () => {
  for (let made = 0; made < 3; made += 1) {
    await settle(await deliver(), 'retrying');
    await send();
  }
  expect(await updatesOnTheirPage(fresh, database, 6)).toBe(6);
});
