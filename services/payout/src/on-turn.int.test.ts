import type { BatchResult, TransferBatch } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import type { Incoming } from '@payfan/messaging';
import type { OutboxEvent } from '@payfan/outbox';
import { createLogger, newId } from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { BatchNotTaken } from './batch-client.ts';
import { cancelPayout } from './cancel-payout.ts';
import { claimChunk } from './chunk-store.ts';
import { onTurn } from './on-turn.ts';
import { parkTurn } from './park-turn.ts';
import { findPayout } from './payout-store.ts';
import { CHUNK_ITEMS, OWNER_ID, recordingTurns, storePayout } from './testing/stored-payout.ts';
import { workOff } from './work-off.ts';

let fresh: FreshDatabase;
let database: Database;
let turns: OutboxEvent[];
let around: ReturnType<typeof recordingTurns>['around'];
/** What was published to come back later, and how often that was counted. */
let parked: Buffer[];
let putOff: number;
let putAway: string[];
/** Batches that were asked for, and how the next ones are answered. */
let asked: TransferBatch[];
let answer: (batch: TransferBatch) => Promise<BatchResult[]>;
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('payout'), name: 'payout' });
  ({ turns, around } = recordingTurns(database));
  [parked, putOff, putAway, asked] = [[], 0, [], []];
  answer = paid;
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

const logger = createLogger({ service: 'test', level: 'silent' });
const paid = ({ items }: TransferBatch): Promise<BatchResult[]> =>
  Promise.resolve(items.map(() => ({ outcome: 'completed', transferId: newId() })));

const store = (lines: number) => storePayout(around, lines);

/** Has a worker take a turn, as the broker gives it. */
const take = async (body: Buffer | string | undefined, userId?: string | null): Promise<void> => {
  const message: Incoming = {
    ...{ queue: 'payouts.free', exchange: 'payouts', routingKey: 'free', messageId: undefined },
    userId: userId === undefined ? 'payfan_payout' : (userId ?? undefined),
    ...{ headers: {}, redelivered: false, body: Buffer.from(body ?? '') },
  };
  await onTurn({
    claim: ({ id, data }) =>
      claimChunk(database, { payoutId: data.payoutId, turn: id, holder: newId(), attempt: newId() }),
    workOff: workOff({
      ...around,
      logger,
      batches: {
        send(batch) {
          asked.push(batch);
          return answer(batch);
        },
      },
      onProgress: () => undefined,
    }),
    park: parkTurn({
      broker: {
        publish({ body: copy }) {
          parked.push(copy);
          return Promise.resolve();
        },
      },
      database,
      logger,
    }),
    onPutOff: () => (putOff += 1),
    onPutAway: (reason) => putAway.push(reason),
    logger,
  })(message);
};
const payoutOf = async (id: string) => (await findPayout(database, id, null))?.payout;

test('a turn that comes twice does one chunk, and brings no more turns', async () => {
  const id = await store(6 * CHUNK_ITEMS);
  expect(turns).toHaveLength(4);
  const first = turns[0]?.body;
  await take(first);
  await take(first);
  await take(first);
  expect(asked).toHaveLength(1);
  expect(turns).toHaveLength(5);
  for (let at = 1; at < turns.length; at += 1) await take(turns[at]?.body);
  expect(await payoutOf(id)).toMatchObject({ status: 'completed', succeeded: 12, paid: 60 });
  expect(asked).toHaveLength(6);
});

test('lines that may have been paid are not cancelled while their turn is put off', async () => {
  const id = await store(3 * CHUNK_ITEMS);
  answer = () => Promise.reject(new BatchNotTaken('its answer cannot be read'));
  await take(turns[0]?.body);
  expect([parked.length, putOff]).toEqual([1, 1]);
  const cancelled = await cancelPayout(around, { id, accountId: OWNER_ID });
  expect(cancelled?.payout).toMatchObject({ status: 'processing', cancelled: 4 });

  answer = paid;
  await take(parked[0]);
  expect(asked[1]).toEqual(asked[0]);
  expect(await payoutOf(id)).toMatchObject({ status: 'cancelled', succeeded: 2, cancelled: 4, paid: 10 });
});

test('a turn that is put off keeps its chunk, and others of its payout go on', async () => {
  const id = await store(3 * CHUNK_ITEMS);
  answer = (batch) =>
    batch.items.some(({ key }) => key === `payout:${id}:1`)
      ? Promise.reject(new BatchNotTaken('it answered 500'))
      : paid(batch);
  for (const { body } of turns) await take(body);
  expect(parked).toHaveLength(1);
  expect(await payoutOf(id)).toMatchObject({ status: 'processing', succeeded: 4 });
  answer = paid;
  await take(parked[0]);
  expect(await payoutOf(id)).toMatchObject({ status: 'completed', succeeded: 6 });
});

test('the others of its payout go first, however long a chunk has been put off', async () => {
  const id = await store(3 * CHUNK_ITEMS);
  answer = () => Promise.reject(new BatchNotTaken('it answered 500'));
  await take(turns[0]?.body);
  await setSince(id, '1 hour');
  answer = paid;
  await take(turns[1]?.body);
  expect(asked.map(linesOf)).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('what is answered in parts is asked for until there is a result for each line', async () => {
  const id = await store(CHUNK_ITEMS);
  answer = ({ items, ...batch }) => paid({ ...batch, items: items.slice(0, 1) });
  await take(turns[0]?.body);
  expect(asked.map(linesOf)).toEqual([[1, 2], [2]]);
  expect(await payoutOf(id)).toMatchObject({ status: 'completed', succeeded: 2, paid: 10 });
});

test('a chunk that another took over between two parts is left to it', async () => {
  const id = await store(CHUNK_ITEMS);
  const other = newId();
  answer = async ({ items, ...batch }) => {
    await setSince(id, '1 hour');
    await claimChunk(database, { payoutId: id, turn: newId(), holder: newId(), attempt: other });
    return paid({ ...batch, items: items.slice(0, 1) });
  };
  await take(turns[0]?.body);
  expect(asked).toHaveLength(1);
  expect(await payoutOf(id)).toMatchObject({ status: 'processing', succeeded: 0 });
  const [chunk] = await database.query<{ attempt: string }>({ text: 'select attempt from payout_chunks' });
  expect(chunk?.attempt).toBe(other);
});

test.each(['payfan_transaction', 'payfan_email', 'payfan', '', null])(
  'a turn that %j published is put into the dead queue, and nothing of it is paid',
  async (userId) => {
    const id = await store(CHUNK_ITEMS);
    const body = turns[0]?.body;
    await take(body, userId);
    expect([putAway, parked.map(String)]).toEqual([['untrusted_publisher'], [body]]);
    expect(asked).toEqual([]);
    expect(await payoutOf(id)).toMatchObject({ status: 'processing', succeeded: 0 });
    await take(body);
    expect(await payoutOf(id)).toMatchObject({ status: 'completed' });
  },
);

test('what is no turn is put into the dead queue', async () => {
  await take('nonsense');
  expect([putAway, parked.map(String)]).toEqual([['unreadable'], ['nonsense']]);
});

/** By the numbers in their keys. */
const linesOf = ({ items }: TransferBatch) => items.map(({ key }) => Number(key.split(':').at(-1)));

/** Makes running chunks of a payout taken so long ago. */
const setSince = (payoutId: string, ago: string) =>
  database.query({
    text: `update payout_chunks set since = clock_timestamp() - $2::interval
           where payout_id = $1 and status = 'running'`,
    values: [payoutId, ago],
  });
