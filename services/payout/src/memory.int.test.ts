import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@payfan/database';
import { freshDatabase, freshVhost, startProgram, type Program } from '@payfan/stack/testing';
import { nextKey } from './testing/payout-api.ts';

jest.setTimeout(180_000);

const MB = 1024 * 1024;
const LINES = 100_000;
/**
 * Kept while an upload is under way: its lines, packed (5 MB), and what V8 has not collected of the old yet (10 MB
 * were measured). As objects the lines alone would be more.
 */
const MOST_KEPT_BYTES = 32 * MB;
/** Besides, the young generation grows to three times its 64 MB under any load, and stays so. */
const MOST_RESIDENT_BYTES = 3 * 64 * MB + MOST_KEPT_BYTES;

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

interface Memory {
  /** All of the process. */
  residentBytes: number;
  /** What outlived collections of the young: old space, and buffers beside the heap. */
  keptBytes: number;
}

async function memoryOf(program: Program): Promise<Memory> {
  const text = await (await fetch(`${program.url}/metrics`)).text();
  const read = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  return {
    residentBytes: read(/^process_resident_memory_bytes\{[^}]*\} (\S+)$/m),
    keptBytes:
      read(/^nodejs_heap_space_size_used_bytes\{[^}]*space="old"[^}]*\} (\S+)$/m) +
      read(/^nodejs_external_memory_bytes\{[^}]*\} (\S+)$/m),
  };
}

/** Looks again and again while something is done; answers the most there was. */
async function peakDuring(program: Program, work: Promise<unknown>): Promise<Memory> {
  const peak = { residentBytes: 0, keptBytes: 0 };
  const over = new AbortController();
  const done = work.finally(() => over.abort());
  while (!over.signal.aborted) {
    const { residentBytes, keptBytes } = await memoryOf(program);
    peak.residentBytes = Math.max(peak.residentBytes, residentBytes);
    peak.keptBytes = Math.max(peak.keptBytes, keptBytes);
    await Promise.race([done, delay(20)]);
  }
  await done;
  return peak;
}

test('a hundred thousand lines come and go without the process growing by them', async () => {
  const [fresh, vhost] = await Promise.all([freshDatabase(), freshVhost()]);
  const admin = openDatabase({ url: fresh.adminUrl, name: 'test', max: 1 });
  const transaction = await startProgram({
    name: 'transaction',
    entry: 'services/transaction/dist/main.js',
    env: { DATABASE_URL: fresh.urlFor('transaction'), AMQP_URL: vhost.amqpUrl, PAYFAN_DEMO: 'true' },
  });
  const payout = await startProgram({
    name: 'payout',
    entry: 'services/payout/dist/main.js',
    env: { DATABASE_URL: fresh.urlFor('payout'), AMQP_URL: vhost.amqpUrl, TRANSACTION_URL: transaction.url },
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
    const before = await memoryOf(payout);
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
    for (const { residentBytes, keptBytes } of [during, after]) {
      expect(keptBytes - before.keptBytes).toBeLessThan(MOST_KEPT_BYTES);
      expect(residentBytes - before.residentBytes).toBeLessThan(MOST_RESIDENT_BYTES);
    }
  } finally {
    await Promise.all([admin.stop(), payout.stop(), transaction.stop()]);
    await Promise.all([fresh.drop(), vhost.remove()]);
  }
});
