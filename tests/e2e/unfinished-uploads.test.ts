import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { openCrowd } from '../live/crowd.ts';
import { ASHA, linesTo, MEERA, openPayoutWorld, RAVI, type PayoutWorld } from './payout-world.ts';

const MB = 1024 * 1024;
/** In megabytes, of the young generation's two halves; V8 needs three times as much for it. */
const SEMI_SPACE_MB = 16;
/** An account has four slots for bodies of 8 MB, and the rest is for payouts and what is not collected yet. */
const MOST_GROWN_BYTES = (4 * 8 + 3 * SEMI_SPACE_MB + 64) * MB;
/** Bytes of each body that are sent before it stops. */
const SENT_BYTES = 7.5 * MB;

let world: PayoutWorld;
beforeAll(async () => {
  world = await openPayoutWorld({
    environment: { payout: { NODE_OPTIONS: `--max-semi-space-size=${SEMI_SPACE_MB}` } },
  });
});
afterAll(() => world.stop());

const begun: ClientRequest[] = [];
afterEach(() => {
  for (const upload of begun.splice(0)) upload.destroy();
});

/** Begins an upload that never ends, and keeps it alive by a byte now and then. */
function begin(key: string, type: string, start: string): { statusCode: () => number | undefined } {
  const upload = request(`${world.payfan.url('payout')}/v1/payouts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'unfinished', 'content-type': type },
  });
  begun.push(upload);
  let statusCode: number | undefined;
  upload.on('error', () => undefined);
  upload.once('response', (response) => {
    statusCode = response.statusCode;
    response.resume();
  });
  const alive = setInterval(() => upload.write(' '), 1_000);
  upload.once('close', () => clearInterval(alive));
  upload.write(start);
  return { statusCode: () => statusCode };
}

const JSON_START = `{"items":[${'[],'.repeat(SENT_BYTES / 3)}`;
const csvStart = () => {
  const line = `${RAVI},1,INR,${'salary of May '.repeat(9)}\n`;
  return `to,amount,currency,note\n${line.repeat(Math.floor(SENT_BYTES / line.length))}`;
};

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${world.payfan.url('payout')}/metrics`)).text();
  return Number(/^process_resident_memory_bytes\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
}

const refusedUploads = (uploads: readonly { statusCode: () => number | undefined }[]) =>
  uploads.filter(({ statusCode }) => statusCode() === 429).length;

async function expectPaid(key: string, to: string, note: string): Promise<void> {
  const id = await world.send(key, linesTo([to], 3, { note }));
  expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 3 });
}

test.each([
  ['application/json', () => JSON_START],
  ['text/csv', csvStart],
])(
  'thirty unfinished uploads of one account as %s take little memory, and leave payouts of others unharmed',
  async (type, start) => {
    await expectPaid('demo_ravi', ASHA, `before ${type}`);
    const before = await residentBytes();
    const uploads = Array.from({ length: 30 }, () => begin('demo_asha', type, start()));
    let peak = 0;
    await world.until('all but four being refused', async () => {
      peak = Math.max(peak, await residentBytes());
      return refusedUploads(uploads) >= 26;
    });
    await expectPaid('demo_ravi', MEERA, `during ${type}`);
    await expectPaid('demo_meera', RAVI, `during ${type}`);
    peak = Math.max(peak, await residentBytes());
    expect(peak - before).toBeLessThan(MOST_GROWN_BYTES);
  },
);

test('sixteen unfinished CSV uploads of four accounts leave slots for others', async () => {
  const members = await openCrowd(world.payfan.database.adminUrl, 4);
  const uploads = members.flatMap(({ key }) =>
    [1, 2, 3, 4].map(() => begin(key, 'text/csv', 'to,amount,currency,note\n')),
  );
  // The four hold eleven slots at most: each gets a quarter of what is free then.
  await world.until('the others being refused', () => Promise.resolve(refusedUploads(uploads) >= 5));
  await expectPaid('demo_ravi', MEERA, 'beside sixteen');
  await expectPaid('demo_meera', RAVI, 'beside sixteen');
});

test('an idle upload ends after a quarter of a minute, and its slot is free again', async () => {
  const upload = request(`${world.payfan.url('payout')}/v1/payouts`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_asha',
      'idempotency-key': 'idle',
      'content-type': 'text/csv',
    },
  });
  begun.push(upload);
  upload.on('error', () => undefined);
  upload.write('to,amount,currency,note\n');
  const [response] = (await once(upload, 'response')) as [{ statusCode: number; resume: () => void }];
  expect(response.statusCode).toBe(408);
  response.resume();
  await expectPaid('demo_asha', RAVI, 'after the idle one');
});
