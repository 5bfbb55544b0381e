import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { someTransfer } from './contract.ts';
import type { Provider, SendResult } from './provider.ts';
import { GIVE_UP_AFTER_MS, incoming, scriptedEngine } from './testing/scripted-engine.ts';

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'failover', max: 4 });
});
afterAll(async () => {
  await database.stop();
  await fresh.drop();
});

const sent: SendResult = { kind: 'sent', reference: 'x' };
const failed: SendResult = { kind: 'failed', error: '503' };
const silent: SendResult = { kind: 'unknown', error: 'no answer' };
const absent: Provider<string>['lookup'] = () => Promise.resolve({ kind: 'absent' });

/** One event, and attempts at it by two providers; `b` can’t be asked. */
function anEvent() {
  const event = someTransfer();
  return {
    event,
    /** Answers by whom it was sent, to each of the two recipients, and what is recorded of the payee's. */
    attempt: async (
      number: number,
      a: SendResult,
      lookup?: Provider<string>['lookup'],
      b = sent,
      overrides: Parameters<typeof scriptedEngine>[2] = {},
    ) => {
      const scripts = [
        { name: 'a', script: () => Promise.resolve(a), lookup },
        { name: 'b', script: () => Promise.resolve(b) },
      ];
      const made = scriptedEngine(database, scripts, overrides);
      await made.engine.onMessage(incoming(event, number));
      const [row] = await database.query<{ status: string; provider: string | null; uncertain: boolean }>({
        text: `select status, provider, uncertain from deliveries where event_id = $1 and role = 'payee'`,
        values: [event.id],
      });
      return {
        by: made.sent
          .filter(({ to }) => to === 'payee')
          .map(({ by }) => by)
          .join(),
        ...row,
        isResent: (await made.metrics()).includes('deliveries_resent_total{lane="interactive"'),
      };
    },
  };
}

test('without an answer, whoever was silent gets it again and again, and nobody else', async () => {
  const { attempt } = anEvent();
  const retrying = { by: 'a', status: 'retrying', provider: 'a', uncertain: true };
  expect(await attempt(0, silent)).toEqual({ ...retrying, isResent: false });
  expect(await attempt(1, failed)).toEqual({ ...retrying, isResent: true });
  expect(await attempt(2, failed)).toEqual({ ...retrying, isResent: true });
  expect(await attempt(3, sent)).toEqual({
    by: 'a',
    status: 'sent',
    provider: 'a',
    uncertain: false,
    isResent: true,
  });
});

test('given up, it is still in doubt, for whoever replays it', async () => {
  const { attempt, event } = anEvent();
  await attempt(4, silent);
  const dead = { status: 'dead', provider: 'a', uncertain: true };
  const aDayLater = { wallClockMs: Date.now() + GIVE_UP_AFTER_MS + 60_000 };
  expect(await attempt(5, failed, undefined, sent, aDayLater)).toMatchObject({ by: 'a', ...dead });
  await database.query({
    text: `update deliveries set status = 'retrying' where event_id = $1`,
    values: [event.id],
  });
  expect(await attempt(0, failed)).toMatchObject({
    by: 'a',
    status: 'retrying',
    provider: 'a',
    uncertain: true,
  });
});

test('once it is known that nobody has it, it is not in doubt any more, and all are free', async () => {
  const { attempt } = anEvent();
  await attempt(0, silent);
  expect(await attempt(1, failed, absent)).toEqual({
    by: 'a,b',
    status: 'sent',
    provider: 'b',
    uncertain: false,
    isResent: false,
  });

  const another = anEvent();
  await another.attempt(0, silent);
  const free = { by: 'a,b', status: 'retrying', provider: 'b', uncertain: false, isResent: false };
  expect(await another.attempt(1, failed, absent, failed)).toEqual(free);
  expect(await another.attempt(2, failed, undefined, failed)).toEqual(free);
});

test.each([
  [
    'may have asked any: the first that can’t say gets it',
    { uncertain: false, provider: 'b' },
    undefined,
    'a',
  ],
  ['could only have asked the suspect', { uncertain: true, provider: 'b' }, undefined, 'b'],
  ['may have heard that all are free', { uncertain: true, provider: 'a' }, absent, 'b'],
])('a process that died in the middle of it %s', async (_title, { uncertain, provider }, lookup, by) => {
  const { attempt, event } = anEvent();
  const { transferId, payee, createdAt } = event.data;
  await database.query({
    text: `insert into deliveries (event_id, role, transfer_id, account_id, recipient, committed_at, status, attempts,
                                   uncertain, provider, claimed_by, claimed_until)
           values ($1, 'payee', $2, $3, $4, $5, 'sending', 2, $6, $7, $8, now() - interval '1 second')`,
    values: [
      event.id,
      transferId,
      payee.accountId,
      payee.phone,
      createdAt,
      uncertain,
      provider,
      randomUUID(),
    ],
  });
  expect(await attempt(1, sent, lookup)).toMatchObject({ by, status: 'sent', provider: by, isResent: true });
});
