import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@payfan/database';
import {
  freshBroker,
  freshDatabase,
  LIMITS_OFF,
  openDemoAccounts,
  startProgram,
  type Program,
} from '@payfan/stack/testing';
import { nextKey } from './testing/payout-api.ts';

const MB = 1024 * 1024;
const LINES = 100_000;
/**
 * All that may live in the old generation, which at rest holds some 25 MB: beyond it V8 ends the process. An upload's
 * lines are 5 MB packed, beside the heap; as objects and text they would be more than what is left.
 */
const OLD_SPACE_MB = 48;
/** Besides, the young generation grows to three times its 64 MB under any load, and buffers come and go. */
const MOST_GROWN_BYTES = (3 * 64 + OLD_SPACE_MB + 24) * MB;

/** A file of so many lines, each to a number of its own, made as it is sent. */
function* csv(lines: number): Generator<Buffer> {
  yield Buffer.from('to,amount,currency,note\r\n');
  for (let line = 0; line < lines; line += 100) {
    const text = Array.from(
      { length: 100 },
      (_, n) => `98${10_000_000 + line + n},1,INR,salary of May ${line + n}\r\n`,
    );
    yield Buffer.from(text.join(''));
  }
}

/** All of the process, in bytes. */
async function residentBytesOf(program: Program): Promise<number> {
  const text = await (await fetch(`${program.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
}

/** Looks again and again while something is done; answers the most there was. */
async function peakDuring(program: Program, work: Promise<unknown>): Promise<number> {
  let peakBytes = 0;
  const over = new AbortController();
  const done = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    peakBytes = Math.max(peakBytes, await residentBytesOf(program));
    await Promise.race([done, delay(20)]);
  }
  await done;
  return peakBytes;
}

test('a hundred thousand lines come and go without the process growing by them', async () => {
  const [fresh, vhost] = await Promise.all([freshDatabase(), freshBroker()]);
  const admin = openDatabase({ url: fresh.adminUrl, name: 'test', max: 1 });
  await openDemoAccounts(fresh);
  const transaction = await startProgram({
    name: 'transaction',
    entry: 'services/transaction/dist/main.js',
    env: {
      DATABASE_URL: fresh.urlFor('transaction'),
      AMQP_URL: vhost.urlFor('transaction'),
      PAYFAN_DEMO: 'true',
      ...LIMITS_OFF,
    },
  });
  const payout = await startProgram({
    name: 'payout',
    entry: 'services/payout/dist/main.js',
    env: {
      DATABASE_URL: fresh.urlFor('payout'),
      AMQP_URL: vhost.urlFor('payout'),
      TRANSACTION_URL: transaction.url,
      SERVICE_KEY: 'key-of-payout',
      ...LIMITS_OFF,
      NODE_OPTIONS: `--max-old-space-size=${OLD_SPACE_MB}`,
    },
  });
  const send = async (lines: number) => {
    const answer = await fetch(`${payout.url}/v1/payouts`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer demo_asha',
        'idempotency-key': nextKey(),
        'content-type': 'text/csv',
      },
      body: Readable.toWeb(Readable.from(csv(lines))) as ReadableStream,
      duplex: 'half',
    });
    const body = (await answer.json()) as { id: string };
    expect([answer.status, body]).toMatchObject([202, { total: lines }]);
    return body.id;
  };
  const download = async (id: string) => {
    const response = await fetch(`${payout.url}/v1/payouts/${id}/items`, {
      headers: { authorization: 'Bearer demo_asha', accept: 'text/csv' },
    });
    let lineEnds = 0;
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      for (const byte of piece) if (byte === 0x0a) lineEnds += 1;
    }
    expect(lineEnds).toBe(LINES + 1);
  };

  try {
    // What any upload needs, and the caches that it fills.
    await send(10_000);
    const before = await residentBytesOf(payout);
    let id = '';
    const during = await peakDuring(
      payout,
      send(LINES).then((sent) => (id = sent)),
    );
    const [stored] = await admin.query<{ items: number; chunks: number }>({
      text: `select (select count(*) from payout.payout_items where payout_id = $1) as items,
                    (select count(*) from payout.payout_chunks where payout_id = $1) as chunks`,
      values: [id],
    });
    expect(stored).toEqual({ items: LINES, chunks: 500 });
    const after = await peakDuring(payout, download(id));
    for (const peak of [during, after]) {
      expect(peak).toBeGreaterThan(0);
      expect(peak - before).toBeLessThan(MOST_GROWN_BYTES);
    }
  } finally {
    await Promise.all([admin.stop(), payout.stop(), transaction.stop()]);
    await Promise.all([fresh.drop(), vhost.remove()]);
  }
});
