import { randomUUID } from 'node:crypto';
import { openDatabase, openPresence, type Database, type Statement } from '@payfan/database';
import { freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { insertEvents } from './outbox-store.ts';
import { events, soon } from './testing/relays.ts';
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

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'unheld' });
  looks = [];
  nowMs = 0;
  lookMs = 0;
  const watched = new Proxy(database, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (statement: Statement) => {
        if (statement.name === 'outbox-claim-expired') {
          looks.push(Number(statement.values?.[3]));
          nowMs += lookMs;
        }
        return target.query(statement);
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
  { took: 1, pause: 50 },
  { took: 39, pause: 1_950 },
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

test('all are looked at as soon as somebody has gone', async () => {
  const id = randomUUID();
  const presence = openPresence({ url: fresh.urlFor('transaction'), name: 'relay', id });
  await presence.start();
  await write(2, { holder: id, seconds: 3_600 });
  lookMs = 100;
  await unheld.takeOver();
  expect(await unheld.claim(10)).toEqual([]);
  await presence.stop();
  await waitFor(async () => (await unheld.takeOver()) === 2, soon('the takeover'));
  expect(await unheld.claim(10)).toHaveLength(2);
  expect(looks).toEqual([0, 0]);
});
