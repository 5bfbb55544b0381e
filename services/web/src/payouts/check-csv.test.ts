import { MAX_CSV_BYTES, readPayoutCsv, UnreadableCsv } from '@payfan/contracts/payout-csv';
import * as fc from 'fast-check';
import { apiErrorOf } from '../api/api-error.ts';
import { checkCsv } from './check-csv.ts';
import { csvOf, withoutLines, type LineFault } from './good-lines.ts';

const HEADER = 'to,amount,currency,note\n';
const check = (text: string | Uint8Array<ArrayBuffer>) => checkCsv(new Blob([text]));
const sentence = ({ line, path, message }: LineFault) => `${line} ${path}: ${message}`;
const faultsIn = async (text: string | Uint8Array<ArrayBuffer>) => (await check(text)).faults.map(sentence);

test('good lines are counted and summed up', async () => {
  const text = `\ufeff${HEADER}\n7010233311,100,INR,lunch\r\n"7010233312","250", INR ,"rent, ""May"""`;
  const { good, ...rest } = await check(text);
  expect(good.map(({ line, amount }) => [line, amount])).toEqual([
    [3, 100],
    [4, 250],
  ]);
  expect(rest).toEqual({ amount: 350, badLines: 0, faultCount: 0, faults: [], isUnreadable: false });
});

test('mistakes are named by line and column, and good lines counted all the same', async () => {
  const text = `${HEADER}7010233311,100,INR,ok\nAsha,1.50,USD,\n\n7010233312,0,INR,"x\ny"\n7010233312,5\n`;
  const checked = await check(text);
  expect(checked.good.map(({ line }) => line)).toEqual([2]);
  expect(checked).toMatchObject({ amount: 100, badLines: 3, faultCount: 6, isUnreadable: false });
  expect(checked.faults.map(sentence)).toEqual([
    '3 to: must be a phone number, such as 7010233311 or +917010233311',
    '3 amount: must be a whole number of minor units (paise), such as 10000 for ₹100.00',
    '3 currency: must be INR',
    '5 amount: must be greater than zero',
    '5 note: must be a single line without control or invisible characters, but holds U+000A',
    '7 : has 2 columns, not the four of to,amount,currency,note',
  ]);
});

test('a hundred mistakes are named, and all counted', async () => {
  const wrong = await check(HEADER + 'x,1,INR,\n'.repeat(1_000));
  expect([wrong.faultCount, wrong.faults.length]).toEqual([1_000, 100]);
});

test.each([
  ['', '1 : is missing: the file must begin with to,amount,currency,note'],
  ['to,amount,currency,note,id\n', '1 : has 5 columns, not only the four of to,amount,currency,note'],
  [`${HEADER}x,1,INR,\n7010233311,100,INR,"never`, '3 : opens a quote that is never closed'],
  [
    new Uint8Array([0xff, 0xfe, 0x74, 0]),
    '1 : is not UTF-8 but perhaps UTF-16: save the file as “CSV UTF-8”',
  ],
  [new Uint8Array(MAX_CSV_BYTES + 1), '1 : and more: a file has at most 32 MB'],
])('nothing of file %# can be sent, for a reason that stands first', async (text, fault) => {
  expect((await check(text)).isUnreadable).toBe(true);
  expect((await faultsIn(text))[0]).toEqual(fault);
});

test('a total that no balance covers is a mistake of the file, not a sum that is rounded', async () => {
  const most = `${HEADER}7010233311,9007199254740990,INR,\n7010233311,1,INR,\n`;
  expect(await check(most)).toMatchObject({ amount: Number.MAX_SAFE_INTEGER, isUnreadable: false });
  const beyond = `${most}7010233311,1,INR,\n`;
  expect(await faultsIn(beyond)).toEqual([
    '4 : brings the total above ₹9,00,71,99,25,47,409.91, which no balance covers',
  ]);
  expect((await check(beyond)).isUnreadable).toBe(true);
});

test('what is sent pays the good lines under their numbers in the file, and no others', async () => {
  const text =
    HEADER + 'nobody,1,INR,\n 07010 233311 , 100,INR,"a, ""b"""\n\n7010233312,x,INR,\n7010233312,5,INR,=1\n';
  const checked = await check(text);
  expect(await csvOf(checked).text()).toBe(
    'to,amount,currency,note\r\n\n+917010233311,100,INR,"a, ""b"""\r\n\n\n+917010233312,5,INR,=1\r\n',
  );
  const less = withoutLines(checked, new Set([3]));
  expect(less).toMatchObject({ amount: 5, badLines: 3 });
  expect(await csvOf(less).text()).toBe('to,amount,currency,note\r\n\n\n\n\n+917010233312,5,INR,=1\r\n');
});

test('reading stops where the check ends, at the first line that cannot be read', async () => {
  let pulled = 0;
  let isCancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new TextEncoder().encode(`${HEADER}7010233311,1,INR,5" pipe\n`));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const unreadable = Object.assign(new Blob(), { stream: () => endless });
  expect((await checkCsv(unreadable)).isUnreadable).toBe(true);
  const pulledByCheck = pulled;
  await new Promise(setImmediate);
  expect([isCancelled, pulled]).toEqual([true, pulledByCheck]);
});

test('every line that the service refuses leaves at once, also those whose mistakes it does not describe', async () => {
  const checked = await check(HEADER + '7010233311,1,INR,\n'.repeat(1_000));
  const errors = Array.from({ length: 100 }, (_, n) => ({
    line: 102 + n,
    path: 'to',
    message: 'is one too many',
  }));
  const rejectedLines = Array.from({ length: 900 }, (_, n) => 102 + n);
  const body = { code: 'invalid_request', errors, errorCount: 900, rejectedLines };
  const refusal = await apiErrorOf(Response.json(body, { status: 400 }));
  const left = withoutLines(checked, new Set(refusal.rejectedLines));
  expect(left).toMatchObject({ amount: 100, badLines: 900 });
  expect(left.good.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, n) => 2 + n));
  expect(refusal.errorCount).toBe(900);
});

test('of a service that describes the refused lines only, those leave', async () => {
  const errors = [{ line: 3, path: 'to', message: 'is one too many' }];
  const refusal = await apiErrorOf(Response.json({ code: 'invalid_request', errors }, { status: 400 }));
  expect([refusal.rejectedLines, refusal.errorCount]).toEqual([[3], 1]);
});

/** What the payout service makes of a body that comes in pieces of these sizes. */
async function asService(bytes: Uint8Array, sizes: readonly number[]) {
  async function* pieces() {
    for (let at = 0, n = 0; at < bytes.length; n += 1) {
      const size = sizes[n % sizes.length] ?? bytes.length;
      yield await Promise.resolve(bytes.subarray(at, at + size));
      at += size;
    }
  }
  const good: unknown[] = [];
  const faults: string[] = [];
  try {
    await readPayoutCsv(pieces(), ({ line, item, errors = [] }) => {
      if (item !== undefined) good.push({ line, ...item });
      for (const error of errors) faults.push(sentence({ line, ...error }));
    });
    return { good, faults, isUnreadable: false };
  } catch (error) {
    if (!(error instanceof UnreadableCsv)) throw error;
    return {
      good,
      faults: [sentence({ line: error.line, path: '', message: error.reason }), ...faults],
      isUnreadable: true,
    };
  }
}

/** Everything that Unicode calls a space or a line end, and what hides between letters. */
const BLANKS = Array.from(
  ' \t\v\f\u0085\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
    '\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\u00ad\u3164\u202e\ufeff',
);
const OTHERS = [
  ...[
    '"',
    '""',
    ',',
    ';',
    '\0',
    '=',
    '\n',
    '\r',
    '\r\n',
    '🎉',
    '👩‍👩‍👧',
    '\u0344',
    'e\u0301',
    'क्‍ष',
    '\u{e0041}',
  ],
  ...[
    'م',
    '७',
    '٧',
    '９',
    '+',
    '-',
    '.',
    '0',
    '1e3',
    'ext. 5',
    'x'.repeat(70),
    '🎉'.repeat(70),
    '🎉'.repeat(71),
  ],
  ...['\u0344'.repeat(70), 'x'.repeat(140), 'x'.repeat(4_000), to(0x0966), to(0x0660), to(0xff10)],
];
/** A phone number in digits of another script, by its zero. */
function to(zero: number): string {
  return '7010233311'.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
}

const noise = fc
  .array(fc.constantFrom(...BLANKS, ...OTHERS), { maxLength: 3 })
  .map((parts) => parts.join(''));
const field = (...likely: string[]) =>
  fc
    .tuple(noise, fc.constantFrom(...likely), noise, fc.integer({ min: 0, max: 9 }))
    .map(([before, text, after, dice]) => {
      if (dice < 4) return text;
      if (dice < 6) return `"${text}"`;
      return dice < 8 ? `${before}${text}${after}` : `${before}"${text}${after.replaceAll('"', '""')}"`;
    });
const line = fc
  .tuple(
    field('7010233311', '+91 70102 33312', '+14155552671', to(0x0966)),
    field('1', '100', '90071992547409', '007', '-5'),
    field('INR'),
    field('', 'lunch', 'मई 🎉', 'Ｆ'),
    fc.constantFrom('\n', '\n', '\r\n', '\r', '\n\n', ' \n', ',\n'),
  )
  .map(([payee, amount, currency, note, end]) => `${[payee, amount, currency, note].join(',')}${end}`);
const encoder = new TextEncoder();
const file = fc
  .tuple(
    fc.constantFrom('', '', '', '\ufeff', '\n', '\ufeff\ufeff'),
    fc.array(line, { maxLength: 8 }),
    fc.option(fc.uint8Array({ maxLength: 3 }), { freq: 8 }),
    fc.option(fc.nat(), { freq: 6 }),
  )
  .map(([start, lines, bytes, cutAt]) => {
    const text = encoder.encode(start + HEADER + lines.join(''));
    const whole = bytes === null ? text : Uint8Array.of(...text, ...bytes, 0x0a, ...text);
    return cutAt === null ? whole : whole.slice(0, cutAt % (whole.length + 1));
  });
const pieceSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });

test('page and payout service find the same in the same bytes, and what the page sends is read as it was shown', async () => {
  const counts = { good: 0, bad: 0, unreadable: 0 };
  await fc.assert(
    fc.asyncProperty(file, pieceSizes, async (bytes, sizes) => {
      const page = await check(bytes);
      // The service answers 402 to a total that no balance covers, which is no mistake of a line.
      fc.pre(!page.faults.some(({ message }) => message.startsWith('brings the total')));
      const service = await asService(bytes, sizes);
      expect({ faults: page.faults.map(sentence), isUnreadable: page.isUnreadable }).toEqual({
        faults: service.faults.slice(0, 100),
        isUnreadable: service.isUnreadable,
      });
      const sent = new Uint8Array(await csvOf(page).arrayBuffer());
      expect(await asService(sent, sizes)).toEqual({ good: service.good, faults: [], isUnreadable: false });
      counts.good += service.good.length;
      counts.bad += service.faults.length;
      counts.unreadable += Number(service.isUnreadable);
    }),
    { numRuns: 300 },
  );
  // A property over files that are all refused would hold for any reader.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20);
});
