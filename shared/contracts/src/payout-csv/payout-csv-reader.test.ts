import { MAX_PAYOUT_ITEMS } from '../payout-item.ts';
import { readPayoutCsv as readInBrowser } from './browser.ts';
import { CsvTooLarge, MAX_CSV_BYTES, MAX_LINE_BYTES, UnreadableCsv } from './csv-text.ts';
import { readPayoutCsv as readInNode } from './index.ts';

const HEADER = 'to,amount,currency,note\n';

type Read = [line: number, what: unknown][];

async function* pieces(bytes: Buffer, pieceBytes: number) {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
  }
}

/** Reads these bytes in pieces of this size, as Node and as browsers do; answers the fields of lines, or their mistake. */
async function read(bytes: Buffer, pieceBytes = bytes.length): Promise<Read> {
  const readBy = async (reader: typeof readInNode): Promise<Read> => {
    const found: Read = [];
    await reader(pieces(bytes, pieceBytes), ({ line, sent, errors }) => {
      found.push([line, Array.isArray(sent) ? errors?.[0]?.message : Object.values(sent as object)]);
    });
    return found;
  };
  const [inNode, inBrowser] = await Promise.allSettled([readBy(readInNode), readBy(readInBrowser)]);
  expect(inBrowser).toEqual(inNode);
  if (inNode.status === 'rejected') throw inNode.reason;
  return inNode.value;
}
const readText = (text: string, pieceBytes?: number) => read(Buffer.from(text), pieceBytes);

/** The message for a file that cannot be read. */
async function refusalOf(bytes: Buffer | string, pieceBytes?: number): Promise<string> {
  const error: unknown = await read(Buffer.from(bytes as string), pieceBytes).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UnreadableCsv))
    throw new Error(`it was read, or failed otherwise: ${String(error)}`);
  return error.message;
}

const LUNCH = ['7010233311', 100, 'INR', 'lunch'];
const DINNER = ['7010233312', 200, 'INR', ''];

test.each([
  ['line ends of Unix', '7010233311,100,INR,lunch\n7010233312,200,INR,\n', [2, 3]],
  ['line ends of Windows', '7010233311,100,INR,lunch\r\n7010233312,200,INR,\r\n', [2, 3]],
  ['line ends of old Macs', '7010233311,100,INR,lunch\r7010233312,200,INR,\r', [2, 3]],
  ['mixed line ends', '7010233311,100,INR,lunch\r\n7010233312,200,INR,', [2, 3]],
  ['no line end at the end', '7010233311,100,INR,lunch\n7010233312,200,INR,', [2, 3]],
  ['blank lines', '\n7010233311,100,INR,lunch\n\n  \n7010233312,200,INR,\n\n', [3, 6]],
  ['quoted fields', '"7010233311","100","INR","lunch"\n"7010233312",200,INR,""\n', [2, 3]],
  ['spaces around fields', ' 7010233311 , 100, INR , "lunch" \n7010233312,200,INR, \n', [2, 3]],
])('%s are understood, however the bytes come', async (_what, text, lines) => {
  const expected = [LUNCH, DINNER].map((fields, index) => [lines[index], fields]);
  for (const bom of ['', '\ufeff']) {
    for (const pieceBytes of [1, 7, 10_000]) {
      expect(await readText(`${bom}${HEADER}${text}`, pieceBytes)).toEqual(expected);
    }
  }
});

test('quotes may hold commas, quotes and letters of any script', async () => {
  const text = `${HEADER}7010233311,100,INR,"rent, ""May"" – मई 🎉"\n`;
  for (const pieceBytes of [1, 3, 1_000]) {
    expect(await readText(text, pieceBytes)).toEqual([
      [2, ['7010233311', 100, 'INR', 'rent, "May" – मई 🎉']],
    ]);
  }
});

test('a field with a line end counts as the line where it begins', async () => {
  const text = `${HEADER}7010233311,100,INR,"two\r\nlines"\n7010233312,200,INR,\n`;
  expect(await readText(text)).toEqual([
    [2, ['7010233311', 100, 'INR', 'two\nlines']],
    [4, DINNER],
  ]);
});

test('what is no whole number is left as it stands', async () => {
  const amounts = ['1e3', '0x10', '10.0', '1,000', '₹5', '', '-5', '99999999999999999999'];
  const text = amounts.map((amount) => `7010233311,"${amount}",INR,\n`).join('');
  const found = await readText(HEADER + text);
  expect(found.map(([, fields]) => (fields as unknown[])[1])).toEqual([
    ...amounts.slice(0, 6),
    -5,
    '99999999999999999999',
  ]);
});

test('lines with other columns, or with NUL, are reported, and the lines after them are read', async () => {
  const text = '7010233311,100,INR\n7010233311\n1,2,3,4,5\n,,,\n7010\x00,1,INR,\n7010233312,200,INR,\n';
  expect(await readText(HEADER + text)).toEqual([
    [2, 'has 3 columns, not the four of to,amount,currency,note'],
    [3, 'has 1 column, not the four of to,amount,currency,note'],
    [4, 'has 5 columns, not the four of to,amount,currency,note'],
    [5, ['', '', '', '']],
    [6, 'holds NUL'],
    [7, DINNER],
  ]);
});

const GOOD = '7010233311,100,INR,lunch\n';
test.each<[string, Buffer | string, RegExp]>([
  ['nothing at all', '', /^line 1: is missing: the file must begin with to,amount,currency,note$/],
  ['blank lines only', '\n\n', /^line 1: is missing/],
  ['no header', GOOD, /^line 1: must be to,amount,currency,note$/],
  [
    'no line ends',
    `${HEADER.trim()}${GOOD.trim()}`,
    /^line 1: must end after to,amount,currency,note: .*--data-binary/,
  ],
  ['another header', 'phone,amount,currency,note\n', /^line 1: must be to,amount,currency,note$/],
  ['another order', 'amount,to,currency,note\n', /^line 1: must be/],
  [
    'one column more in the header',
    'to,amount,currency,note,id\n7010233311,1,INR,,7\n',
    /^line 1: has 5 columns, not only the four of to,amount,currency,note$/,
  ],
  [
    'blank columns that a spreadsheet adds to the header',
    'to,amount,currency,note,,\n7010233311,1,INR,,,\n',
    /^line 1: has 6 columns, not only the four of to,amount,currency,note$/,
  ],
  ['a header in one field', '"to,amount,currency,note"\n', /^line 1: must be/],
  [
    'semicolons',
    'to;amount;currency;note\n7010233311;1;INR;\n',
    /^line 1: must be .* semicolons, not commas$/,
  ],
  ['tabs', 'to\tamount\tcurrency\tnote\n', /^line 1: must be .* tabs, not commas$/],
  [
    'a quote never closed',
    `${HEADER}${GOOD}\n"7010233311,1,INR,\n${GOOD}`,
    /^line 4: opens a quote that is never closed$/,
  ],
  [
    'a quote never closed in a long file',
    `${HEADER}${GOOD}7010233311,1,INR,"x\n${GOOD.repeat(1_000)}`,
    /^line 3: is longer than 4096 bytes; perhaps a quote/,
  ],
  [
    'something after a closing quote',
    `${HEADER}\n"7010233311"x,1,INR,\n`,
    /^line 3: has something between a closing quote/,
  ],
  [
    'a quote inside a field',
    `${HEADER}${GOOD}7010233311,1,INR,5" pipe\n`,
    /^line 3: has a quote inside a field/,
  ],
  [
    'Latin 1',
    Buffer.from(`${HEADER}${GOOD}7010233311,1,INR,caf\xe9\n${GOOD}`, 'latin1'),
    /^line 3: is not UTF-8$/,
  ],
  [
    'half a character at the end',
    Buffer.concat([Buffer.from(HEADER + GOOD), Buffer.from([0xe2, 0x82])]),
    /^line 3: is not UTF-8$/,
  ],
  [
    'UTF-16 with a mark',
    Buffer.from(`\ufeff${HEADER}`, 'utf16le'),
    /^line 1: is not UTF-8 but perhaps UTF-16/,
  ],
  ['UTF-16 without one', Buffer.from(HEADER, 'utf16le'), /^line 1: is not UTF-8 but perhaps UTF-16/],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), /^line 1: is not UTF-8$/],
  ['a line without an end', HEADER + 'x'.repeat(MAX_LINE_BYTES * 2), /^line 2: is longer than 4096 bytes/],
])('%s is refused by its line', async (_what, bytes, expected) => {
  expect(await refusalOf(bytes)).toMatch(expected);
  expect(await refusalOf(bytes, 5)).toMatch(expected);
});

test('a line has at most 4096 bytes, however they are divided', async () => {
  const most = 'म'.repeat((MAX_LINE_BYTES - 4) / 3) + ',,,x';
  for (const pieceBytes of [1_000, 10_000]) {
    expect(await readText(`${HEADER}${most}\n`, pieceBytes)).toHaveLength(1);
    for (const longer of [`${most}x`, `${' '.repeat(MAX_LINE_BYTES)},`]) {
      expect(await refusalOf(`${HEADER}${longer}\n`, pieceBytes)).toMatch(
        /^line 2: is longer than 4096 bytes/,
      );
    }
  }
});

/** How many lines of a large file are read, and why not the rest. One reader is enough for what both share. */
async function readLarge(bytes: Buffer): Promise<{ lines: number; error: unknown }> {
  let lines = 0;
  const error: unknown = await readInNode(pieces(bytes, 1_048_576), () => (lines += 1)).catch(
    (thrown: unknown) => thrown,
  );
  return { lines, error };
}

test('as many lines as are allowed are read, and not one more', async () => {
  const most = `${HEADER}${'7010233311,1,INR,\n'.repeat(MAX_PAYOUT_ITEMS)}\n`;
  expect(await readLarge(Buffer.from(`${most}7010233311,1,INR,\n`))).toMatchObject({
    lines: MAX_PAYOUT_ITEMS,
    error: {
      line: MAX_PAYOUT_ITEMS + 3,
      reason: `is one too many: a payout has at most ${MAX_PAYOUT_ITEMS} lines`,
    },
  });
});

test('a file with too many bytes is too large, and one with too many lines as well if they are blank', async () => {
  // Misshapen lines, which cost the least to check.
  const large = HEADER + `${'x'.repeat(4_000)}\n`.repeat(MAX_CSV_BYTES / 4_000);
  expect((await readLarge(Buffer.from(large))).error).toBeInstanceOf(CsvTooLarge);
  expect(await readLarge(Buffer.from(HEADER + '\n'.repeat(3 * MAX_PAYOUT_ITEMS)))).toMatchObject({
    error: { line: 200_001, reason: 'is one too many, also if many lines are blank' },
  });
});
