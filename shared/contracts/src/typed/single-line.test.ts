import fc from 'fast-check';
import { isLongerThan, readSingleLine } from './single-line.ts';

test.each([
  ['letters', 'x'],
  ['emoji of two UTF-16 units', '💸'],
  ['Devanagari signs', 'ि'],
  ['letters that NFC composes of two', 'e\u0301'],
  ['letters that NFC composes of four', 'α\u0313\u0300\u0345'],
  ['syllables that NFC composes of three', '\u1112\u1161\u11ab'],
])('140 %s are as long as 140 letters', (_, character) => {
  expect(isLongerThan(character.repeat(140), 140)).toBe(false);
  expect(isLongerThan(character.repeat(141), 140)).toBe(true);
});

test('a character that NFC splits counts as its parts', () => {
  // U+0344 is one code point that NFC stores as two.
  expect(isLongerThan('\u0344'.repeat(70), 140)).toBe(false);
  expect(isLongerThan('\u0344'.repeat(71), 140)).toBe(true);
});

test('NFC composes at most four code points, on which the bound before it relies', () => {
  // No character beyond plane 2 can be decomposed.
  for (let code = 0; code <= 0x2ffff; code += 1) {
    const parts = Array.from(String.fromCodePoint(code).normalize('NFD')).length;
    if (parts > 4) throw new Error(`U+${code.toString(16)} has ${parts} parts`);
  }
});

test('a body full of accents is refused without normalising it, which would take minutes', () => {
  expect(readSingleLine(`a${'\u0301\u0323'.repeat(2_000_000)}`, 140)).toEqual({
    fault: 'must have at most 140 characters',
  });
});

test('what is accepted is short, in NFC, survives UTF-8, and is accepted again unchanged', () => {
  const typed = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('\u0344', '\u0323', '\u0301', 'e', 'क', '\u094d', '\u200d', '👨', '\ufe0f', ' '),
      maxLength: 60,
    }),
  );
  fc.assert(
    fc.property(typed, (text) => {
      const read = readSingleLine(text, 40);
      if (read.text === undefined) return;
      expect(Array.from(read.text).length).toBeLessThanOrEqual(40);
      expect(read.text).toBe(read.text.normalize('NFC').trim());
      expect(read.text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      expect(Buffer.from(read.text).toString()).toBe(read.text);
      expect(readSingleLine(read.text, 40)).toEqual(read);
    }),
    { numRuns: 2_000 },
  );
});
