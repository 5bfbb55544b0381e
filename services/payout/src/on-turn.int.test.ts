import type { BatchRefusalCode, BatchResult, TransferBatch } from '@payfan/contracts';
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
/** Payouts that were stopped, and the limit beyond which they are. */
let stopped: string[];
let unknownPayeesPerHour: number;
/** Batches that were asked for, and how the next ones are answered. */
let asked: TransferBatch[];
let answer: (batch: TransferBatch) => Promise<BatchResult[]>;
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('payout'), name: 'payout' });
  ({ turns, around } = recordingTurns(database));
  [parked, putOff, putAway, asked, stopped] = [[], 0, [], [], []];
  unknownPayeesPerHour = 0;
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
      onStopped: ({ payout }) => stopped.push(payout.id),
      unknownPayeesPerHour,
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

test('a turn with a byte that is no UTF-8 is put into the dead queue', async () => {
  await store(1);
  const turn = String(turns[0]?.body);
  const broken = Buffer.from(turn.replace('"correlationid":"', '$&*'));
  broken[broken.indexOf('"*') + 1] = 0xff;
  await take(broken);
  expect([putAway, asked]).toEqual([['unreadable'], []]);
});

describe('a payout that names payees without a wallet', () => {
  const takeAll = async () => {
    // Turns that follow are added while these are taken.
    for (const { body } of turns) await take(body);
  };
  /** The first lines of a payout fail with this code, and the others are paid. */
  const failing =
    (lines: number, code: BatchRefusalCode = 'recipient_not_found') =>
    (batch: TransferBatch): Promise<BatchResult[]> =>
      Promise.resolve(
        linesOf(batch).map((line) =>
          line <= lines
            ? { outcome: 'refused', code, detail: 'Refused.' }
            : { outcome: 'completed', transferId: newId() },
        ),
      );
  const countOf = async (id: string) => {
    const [row] = await database.query<{ unknown_payees: number }>({
      text: 'select unknown_payees from payouts where id = $1',
      values: [id],
    });
    return row?.unknown_payees;
  };

  test('is paid to its end with as many of them as the limit', async () => {
    unknownPayeesPerHour = 4;
    const id = await store(6 * CHUNK_ITEMS);
    answer = failing(4);
    await takeAll();
    const payout = await payoutOf(id);
    expect(payout).toMatchObject({ status: 'completed_with_failures', succeeded: 8, failed: 4 });
    expect(payout).not.toHaveProperty('cancelReason');
    expect(stopped).toEqual([]);
  });

  test('is stopped with one more: what is pending is cancelled, and no turn asks for it', async () => {
    unknownPayeesPerHour = 3;
    const id = await store(6 * CHUNK_ITEMS);
    answer = failing(4);
    await takeAll();
    expect(asked.map(linesOf)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await payoutOf(id)).toMatchObject({
      ...{ status: 'cancelled', succeeded: 0, failed: 4, cancelled: 8, paid: 0 },
      cancelReason: 'too_many_unknown_payees',
    });
    expect(stopped).toEqual([id]);
    // A request to cancel it comes too late to be the reason.
    await cancelPayout(around, { id, accountId: OWNER_ID });
    expect(await payoutOf(id)).toMatchObject({ cancelReason: 'too_many_unknown_payees' });
  });

  test('is stopped once, and its lines under way are finished', async () => {
    unknownPayeesPerHour = 1;
    const id = await store(6 * CHUNK_ITEMS);
    answer = async (batch) => {
      answer = failing(6);
      await take(turns[1]?.body);
      expect(await payoutOf(id)).toMatchObject({ status: 'processing', failed: 2, cancelled: 8 });
      return failing(6)(batch);
    };
    await takeAll();
    expect(await payoutOf(id)).toMatchObject({ status: 'cancelled', failed: 4, cancelled: 8 });
    expect(stopped).toEqual([id]);
  });

  test('counts each of them once, whatever happens to the worker of their chunk', async () => {
    unknownPayeesPerHour = CHUNK_ITEMS;
    const id = await store(3 * CHUNK_ITEMS);
    // The worker dies once transaction has answered, and another gets the same turn.
    answer = () => Promise.reject(new Error('this worker dies'));
    await expect(take(turns[0]?.body)).rejects.toThrow('this worker dies');
    // A third takes the chunk over from the second, which stood still, and both get an answer.
    answer = async (batch) => {
      answer = failing(CHUNK_ITEMS);
      await take(turns[0]?.body);
      return failing(CHUNK_ITEMS)(batch);
    };
    await take(turns[0]?.body);
    await take(turns[0]?.body);
    expect(asked.map(linesOf)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(await countOf(id)).toBe(CHUNK_ITEMS);
    await takeAll();
    expect(await payoutOf(id)).toMatchObject({ status: 'completed_with_failures', succeeded: 4, failed: 2 });
    expect([await countOf(id), stopped]).toEqual([CHUNK_ITEMS, []]);
  });

  test.each([
    [2, 'completed_with_failures'],
    [3, 'cancelled'],
  ])('beyond the limit, with %i of 40 lines where 5 %% are 2, is %s', async (unknown, status) => {
    unknownPayeesPerHour = 1;
    const id = await store(40);
    answer = failing(unknown);
    await takeAll();
    expect(await payoutOf(id)).toMatchObject({ status, failed: unknown });
  });

  test('is not stopped for lines that fail otherwise', async () => {
    unknownPayeesPerHour = 1;
    const id = await store(6 * CHUNK_ITEMS);
    answer = failing(12, 'insufficient_funds');
    await takeAll();
    expect(await payoutOf(id)).toMatchObject({ status: 'completed_with_failures', failed: 12 });
  });

  test('is never stopped where the limit is switched off', async () => {
    const id = await store(6 * CHUNK_ITEMS);
    answer = failing(12);
    await takeAll();
    expect(await payoutOf(id)).toMatchObject({ status: 'completed_with_failures', failed: 12 });
    expect([await countOf(id), stopped]).toEqual([12, []]);
  });
});

test('a payout that was cancelled by request says so', async () => {
  const id = await store(CHUNK_ITEMS);
  expect((await payoutOf(id)) ?? {}).not.toHaveProperty('cancelReason');
  await cancelPayout(around, { id, accountId: OWNER_ID });
  expect(await payoutOf(id)).toMatchObject({ status: 'cancelled', cancelReason: 'requested' });
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
