import { AcceptedNote, Note, textUpTo } from './text.ts';

test.each([
  ['lunch', 'lunch'],
  ['  lunch  ', 'lunch'],
  ['', ''],
  ['दोपहर का खाना 🍛', 'दोपहर का खाना 🍛'],
  ['O’Brien & <b>co</b> "x"', 'O’Brien & <b>co</b> "x"'],
  ['cafe\u0301', 'café'],
  ['₹1,00,000.00', '₹1,00,000.00'],
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
  ['a space without width', 'a\u200bb'],
  ['half of a surrogate pair', 'a\ud83db'],
])('%s is refused', (_, text) => {
  expect(Note.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^must be a single line without control or invisible characters, but holds U\+[0-9A-F]{4}$/,
    ),
  ]);
});

test('length is counted before trimming, and one more than the most is refused', () => {
  expect(Note.safeParse('x'.repeat(140)).success).toBe(true);
  expect(Note.safeParse('x'.repeat(141)).success).toBe(false);
  expect(Note.safeParse(' '.repeat(141)).success).toBe(false);
});

test('a note that an older version accepted is read as it was stored, if it is a single line of a note’s length', () => {
  for (const stored of [
    '',
    '\u0344'.repeat(70).normalize('NFC'),
    '🍛'.repeat(140),
    'a\u200bb',
    'a\u061cb',
    'a\u{e0041}b',
  ]) {
    expect(AcceptedNote.parse(stored)).toBe(stored);
  }
  for (const broken of [
    'a\nb',
    'a\u2028b',
    'a\0b',
    '\ud83d',
    'x'.repeat(141),
    '\u0344'.repeat(140).normalize('NFC'),
  ]) {
    expect(AcceptedNote.safeParse(broken).success).toBe(false);
  }
});

test('the length of any text is counted in code points', () => {
  expect(textUpTo(3).parse('💸💸💸')).toBe('💸💸💸');
  expect(textUpTo(3).safeParse('💸💸💸💸').error?.issues[0]?.message).toBe('must have at most 3 characters');
});
