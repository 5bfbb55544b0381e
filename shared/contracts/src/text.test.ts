import fc from 'fast-check';
import { singleLine } from './text.ts';

const Note = singleLine(140);

test.each([
  ['lunch', 'lunch'],
  ['  lunch  ', 'lunch'],
  ['', ''],
  ['दोपहर का खाना 🍛', 'दोपहर का खाना 🍛'],
  ['O’Brien & <b>co</b> "x"', 'O’Brien & <b>co</b> "x"'],
  ['cafe\u0301', 'café'],
  ['₹1,00,000.00', '₹1,00,000.00'],
  // Joiners shape Indian scripts and emoji; they turn nothing.
  ['क्\u200dष 👨\u200d👩\u200d👧', 'क्\u200dष 👨\u200d👩\u200d👧'],
])('%j is one line', (text, expected) => {
  expect(Note.parse(text)).toBe(expected);
});

test.each([
  ['CR and LF, which begin another mail header', 'lunch\r\nBcc: evil@example.com'],
  ['LF', 'a\nb'],
  ['CR', 'a\rb'],
  ['LF at the end, where trimming would hide it', 'lunch\n'],
  ['a tab', 'a\tb'],
  ['NUL', 'a\u0000b'],
  ['ESC', 'a\u001b[31mb'],
  ['DEL', 'a\u007fb'],
  ['NEL, a line break of C1', 'a\u0085b'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['an override, which makes 001 read as 100', 'a\u202e001\u202cb'],
  ['an isolate', 'a\u2067b\u2069'],
  ['a mark that turns direction', 'a\u200fb'],
  ['half of a surrogate pair', 'a\ud83db'],
])('%s is refused', (_, text) => {
  expect(Note.safeParse(text).error?.issues[0]?.message).toBe(
    'must be a single line without control characters',
  );
});

test('length is counted before trimming, and one more than the most is refused', () => {
  expect(Note.safeParse('x'.repeat(140)).success).toBe(true);
  expect(Note.safeParse('x'.repeat(141)).success).toBe(false);
  expect(Note.safeParse(' '.repeat(141)).success).toBe(false);
});

test('what passes has no control characters, survives UTF-8, and passes again unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const parsed = singleLine(1_000).safeParse(text);
      if (!parsed.success) return;
      expect(parsed.data).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(Buffer.from(parsed.data).toString()).toBe(parsed.data);
      expect(singleLine(1_000).parse(parsed.data)).toBe(parsed.data);
    }),
    { numRuns: 2_000 },
  );
});
