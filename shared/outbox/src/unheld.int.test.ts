import { randomUUID } from 'node:crypto';
import { openDatabase, openPresence, type Database, type Statement } from '@payfan/database';
import { freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { insertEvents } from './outbox-store.ts';
import { events } from './testing/relays.ts';
import { Unheld } from './unheld.ts';

const FREE = { holder: randomUUID(), seconds: 0 };

let fresh: FreshDatabase;
let database: Database;
/** From which id each look began. */
let looks: number[];
let nowMs: number;
/** How long a look takes. */
let lookMs: number;
let unheld: Unheld;
/** A statement of this name is carried out, and its answer lost. */
let lost: string | undefined;
/** What happens between a look and its answer. */
let meanwhile: () => void;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'unheld' });
  looks = [];
  nowMs = 0;
  lookMs = 0;
  lost = undefined;
  meanwhile = () => undefined;
  const watched = new Proxy(database, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (statement: Statement) => {
        if (statement.name === 'outbox-claim-expired') {
          looks.push(Number(statement.values?.[3]));
          nowMs += lookMs;
        }
        const rows = await target.query(statement);
        meanwhile();
        if (statement.name === lost) throw new Error('lost');
        return rows;
      };
    },
  });
  unheld = new Unheld(watched, { holder: randomUUID(), seconds: 3_600 }, () => nowMs);
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

const write = (count: number, lease = FREE) =>
  database.transaction((tx) => insertEvents(tx, events(count), lease));

test.each([
  { took: 1, pause: 20 },
  { took: 99, pause: 1_980 },
  { took: 500, pause: 2_000 },
])(
  'a look at all rows that took $took ms and found none is made again after $pause ms',
  async ({ took, pause }) => {
    lookMs = took;
    expect(await unheld.claim(10)).toEqual([]);
    await write(1);
    nowMs += pause - 1;
    expect(await unheld.claim(10)).toEqual([]);
    expect(looks).toEqual([0]);
    nowMs += 1;
    expect(await unheld.claim(10)).toHaveLength(1);
    expect(looks).toEqual([0, 0]);
  },
);

test('after one that found some, the next begin where these were, until all are looked at again', async () => {
  lookMs = 100;
  const written = await write(3);
  const [oldest] = await unheld.claim(2);
  expect(oldest?.id).toBe(written[0]?.id);
  expect(await unheld.claim(2)).toHaveLength(1);
  expect(await unheld.claim(2)).toEqual([]);
  nowMs += 2_000;
  expect(await unheld.claim(2)).toEqual([]);
  expect(looks).toEqual([0, oldest?.id, written[2]?.id, 0]);
});

test('a look that failed is made again at once', async () => {
  lookMs = 100;
  lost = 'outbox-claim-expired';
  await expect(unheld.claim(10)).rejects.toThrow('lost');
  lost = undefined;
  expect(await unheld.claim(10)).toEqual([]);
  expect(looks).toEqual([0, 0]);
});

test('rows that are freed during a look are looked at with the next', async () => {
  lookMs = 100;
  meanwhile = () => unheld.lookAtAll();
  expect(await unheld.claim(10)).toEqual([]);
  meanwhile = () => undefined;
  expect(await unheld.claim(10)).toEqual([]);
  expect(await unheld.claim(10)).toEqual([]);
  expect(looks).toEqual([0, 0]);
});

test('all are looked at as soon as somebody has gone, also if it was not heard that rows were freed', async () => {
  const id = randomUUID();
  const presence = openPresence({ url: fresh.urlFor('transaction'), name: 'relay', id });
  await presence.start();
  await write(2, { holder: id, seconds: 3_600 });
  lookMs = 100;
  await unheld.takeOver();
  expect(await unheld.claim(10)).toEqual([]);
  await presence.stop();
  lost = 'outbox-free-leases';
  await waitFor(
    () =>
      unheld.takeOver().then(
        () => false,
        () => true,
      ),
    { what: 'the takeover' },
  );
  lost = undefined;
  expect(await unheld.takeOver()).toBe(0);
  expect(await unheld.claim(10)).toHaveLength(2);
  expect(looks).toEqual([0, 0]);
});
