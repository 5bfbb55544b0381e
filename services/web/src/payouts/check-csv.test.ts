import { PayoutItem } from '@payfan/contracts';
import { checkCsv, textOf } from './check-csv.ts';

const HEADER = 'to,amount,currency,note\n';
const faultsIn = (text: string) =>
  checkCsv(text).faults.map(({ line, path, message }) => `${line} ${path}: ${message}`);

test.each([
  ['line ends of Unix', '7010233311,100,INR,lunch\n7010233312,250,INR,\n'],
  ['line ends of Windows', '7010233311,100,INR,lunch\r\n7010233312,250,INR,\r\n'],
  ['line ends of old Macs', '7010233311,100,INR,lunch\r7010233312,250,INR,'],
  ['blank lines', '\n7010233311,100,INR,lunch\n\n  \n7010233312,250,INR,\n\n'],
  ['quoted fields', '"7010233311","100","INR","rent, ""May"""\n"7010233312",250,INR,""\n'],
  ['blanks around fields', ' 7010233311 , 100, INR , "lunch" \n7010233312,250,INR, \n'],
])('%s are understood', (_what, lines) => {
  for (const bom of ['', '\ufeff']) {
    expect(checkCsv(`${bom}${HEADER}${lines}`)).toEqual({
      goodLines: 2,
      amount: 350,
      badLines: 0,
      faultCount: 0,
      faults: [],
      isUnreadable: false,
    });
  }
});

test('mistakes are told by line and column, and the good lines counted all the same', () => {
  const text = `${HEADER}7010233311,100,INR,ok\nAsha,1.50,USD,\n\n7010233312,0,INR,x\n7010233312,5\n`;
  expect(checkCsv(text)).toMatchObject({ goodLines: 1, amount: 100, badLines: 3, faultCount: 5 });
  expect(faultsIn(text)).toEqual([
    '3 to: must be a phone number, such as 7010233311 or +917010233311',
    '3 amount: must be a whole number of minor units (paise), such as 10000 for ₹100.00',
    '3 currency: must be INR',
    '5 amount: must be greater than zero',
    '6 : has 2 columns, not the four of to,amount,currency,note',
  ]);
});

test('a note over several lines counts where it begins, and those after it where they are', () => {
  expect(faultsIn(`${HEADER}7010233311,100,INR,"a\nb"\n7010233311,x,INR,\n`)).toEqual([
    '2 note: must be a single line without control or invisible characters, but holds U+000A',
    '4 amount: must be a whole number of minor units (paise), such as 10000 for ₹100.00',
  ]);
});

test.each([
  ['', '1 : is missing: the file must begin with to,amount,currency,note'],
  ['phone,amount\n', '1 : must be to,amount,currency,note'],
  [HEADER.trim() + '7010233311,100,INR,x', '1 : must end after to,amount,currency,note'],
  [
    'to;amount;currency;note\n',
    '1 : must be to,amount,currency,note; yours seems to be separated by semicolons, not commas',
  ],
  [`${HEADER}7010233311,100,INR,"never`, '2 : opens a quote that is never closed'],
  [`${HEADER}7010233311,100,INR,"a"b\n`, '2 : has something between a closing quote and the next comma'],
  [
    `${HEADER}7010233311,100,INR,a"b\n`,
    '2 : has a quote inside a field: put the field in quotes, and double the quote',
  ],
  [
    `${HEADER}7010233311,100,INR,${'म'.repeat(1_400)}\n`,
    '2 : is longer than 4096 bytes; perhaps a quote before it is not closed',
  ],
  [
    `${HEADER}7010233311,100,INR,${'x'.repeat(5_000)}\n`,
    '2 : is longer than 4096 bytes; perhaps a quote before it is not closed',
  ],
])('nothing of %j can be sent', (text, fault) => {
  expect(checkCsv(text).isUnreadable).toBe(true);
  expect(faultsIn(text)).toEqual([fault]);
});

test('a line is as long as its bytes are, as the payout service counts them', () => {
  const isReadable = (...fields: string[]) => !checkCsv(HEADER + fields.join(',')).isUnreadable;
  expect(isReadable('7010233311', '100', 'INR', 'म'.repeat(1_360))).toBe(true);
  expect(isReadable('7010233311', '100', 'INR', 'म'.repeat(1_361))).toBe(false);
  expect(isReadable('म'.repeat(700), 'म'.repeat(700), 'म'.repeat(700), '')).toBe(true);
});

test('a total that no balance covers is a mistake of the file, not a sum that is rounded', () => {
  const most = `${HEADER}7010233311,9007199254740990,INR,\n7010233311,1,INR,\n`;
  expect(checkCsv(most)).toMatchObject({ amount: Number.MAX_SAFE_INTEGER, isUnreadable: false });
  expect(faultsIn(`${most}7010233311,1,INR,\n`)).toEqual([
    '4 : brings the total above ₹9,00,71,99,25,47,409.91, which no balance covers',
  ]);
  expect(checkCsv(`${most}7010233311,1,INR,\n`).isUnreadable).toBe(true);
});

test('a hundred thousand lines, and no more; a hundred mistakes are named', () => {
  const lines = '7010233311,100,INR,\n'.repeat(100_000);
  expect(checkCsv(HEADER + lines)).toMatchObject({
    goodLines: 100_000,
    amount: 10_000_000,
    isUnreadable: false,
  });
  expect(faultsIn(`${HEADER}${lines}7010233311,100,INR,\n`)).toEqual([
    '100002 : is one too many: a payout has at most 100000 lines',
  ]);
  const wrong = checkCsv(HEADER + 'x,1,INR,\n'.repeat(1_000));
  expect([wrong.faultCount, wrong.faults.length]).toEqual([1_000, 100]);
});

const PHONES = [
  ...['7010233311', '07010 233311', '+91 70102 33311', '91 7010233311', '+91-(7010)-233311', '022 2345 6789'],
  ...['+1 415 555 2671', '+44 20 7946 0958', '+290 22123', '1800 123 4567', '7010233311 ext 5', '００７'],
  ...['', 'Asha', '12345', '701023331', '70102333111', '+91 701023331', '9'.repeat(33), '5', '+91'],
];
const AMOUNTS = [
  '1',
  '10000',
  '9007199254740991',
  '9007199254740993',
  '0',
  '-5',
  '1.5',
  '1e3',
  '',
  '1,000',
  '007',
];
const NOTES = ['', 'lunch', 'मई 🎉', 'x'.repeat(140), 'x'.repeat(141), 'a\u0007b', 'a\u202eb', 'a\u2028b'];

/** As the payout service makes fields of text. */
const apiTakes = ([to, amount = '', currency, note]: string[]) =>
  PayoutItem.safeParse({
    to,
    amount: /^-?\d{1,17}$/.test(amount) ? Number(amount) : amount,
    currency,
    note,
  }).success;
const pageTakes = (fields: string[]) =>
  checkCsv(HEADER + fields.map((field) => `"${field}"`).join(',')).badLines === 0;

test.each([
  ...PHONES.map((phone) => [phone, '100', 'INR', '']),
  ...AMOUNTS.map((amount) => ['7010233311', amount, 'INR', '']),
  ...NOTES.map((note) => ['7010233311', '100', 'INR', note]),
  ...['INR', 'inr', 'USD', ''].map((currency) => ['7010233311', '100', currency, '']),
])('%j, %j, %j, %j: taken here where the API takes it, and refused where that refuses it', (...fields) => {
  expect(pageTakes(fields)).toBe(apiTakes(fields));
});

test('bytes that are no UTF-8 are told with their line', () => {
  const ascii = [...new TextEncoder().encode(HEADER)];
  expect(textOf(new Uint8Array(ascii))).toEqual({ text: HEADER });
  expect(textOf(new Uint8Array([...ascii, 0x80, 0x0a]))).toMatchObject({ fault: { line: 2 } });
  expect(textOf(new Uint8Array([0xff, 0xfe, 0x74, 0x00]))).toMatchObject({ fault: { line: 1 } });
});
