import { firstInvisible } from './invisible-characters.ts';

test.each([
  ['Devanagari half form', 'क्\u200dष'],
  ['Devanagari visible virama', 'श्रीमान्\u200c'],
  ['Marathi eyelash ra', 'दऱ्\u200dया'],
  ['Bengali ra with ya-phalaa', 'র\u200d্যাব'],
  ['Bengali khanda ta of old texts', 'হঠাত্\u200d'],
  ['Kannada ra before a consonant', 'ರ\u200d್ಕ'],
  ['Kannada word that ends without a vowel', 'ರಾಜ್\u200cಕುಮಾರ್\u200c'],
  ['Telugu word that ends without a vowel', 'నాగార్జున్\u200c'],
  ['Tamil ka and ssa apart', 'க்\u200cஷ'],
  ['Malayalam chillu of old texts', 'അവന്\u200d'],
  ['Sinhala conjunct', 'ශ්\u200dරී'],
  ['Persian prefix', 'می\u200cخواهم'],
  ['Persian word with a vowel sign before the joint', 'خانهٔ\u200cما'],
  ['Arabic abbreviation', '1447 ه\u200d'],
  ['Urdu date', '\u06012026'],
  ['family', '👨\u200d👩\u200d👧'],
  ['couple with skin tones', '👩🏽\u200d❤\ufe0f\u200d👨🏿'],
  ['flag of a rainbow', '🏳\ufe0f\u200d🌈'],
  ['flag of India', '🇮🇳'],
  ['flag of Scotland', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
  ['keycap', '1\ufe0f\u20e3 #\ufe0f\u20e3'],
  ['telephone as text and as picture', '☎\ufe0e ☎\ufe0f'],
  ['emoji of a later Unicode', '\u{1fc00}'],
  ['wide spaces', 'a\u00a0b\u3000c'],
])('%s is visible: %j', (_, text) => {
  expect(firstInvisible(text)).toBeUndefined();
});

test.each([
  ['joiner between Latin letters', 'pay\u200dment', 'U+200D'],
  ['non-joiner between Latin letters', 'pay\u200cment', 'U+200C'],
  ['joiner at the beginning', '\u200dक', 'U+200D'],
  ['non-joiner after a letter without virama', 'राम\u200c', 'U+200C'],
  ['second joiner', 'क्\u200d\u200dष', 'U+200D'],
  ['joiner of a script in an emoji', '👨\u200dx', 'U+200D'],
  ['non-joiner between emoji', '👨\u200c👩', 'U+200C'],
  ['non-joiner at the end of an Arabic word', 'علی\u200c', 'U+200C'],
  ['joiner inside an Arabic word', 'عل\u200dی', 'U+200D'],
  ['emoji selector after a letter', 'a\ufe0f', 'U+FE0F'],
  ['emoji selector after a digit', '100\ufe0f', 'U+FE0F'],
  ['second emoji selector', '☎\ufe0f\ufe0f', 'U+FE0F'],
  ['text in tags after a flag', '🏴\u{e0070}\u{e0061}\u{e0079}\u{e007f}', 'U+E0070'],
  ['tags of a flag without it', 'a\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 'U+E0067'],
  ['half of a surrogate pair', 'a\ud83db', 'U+D83D'],
])('%s is invisible: %j', (_, text, name) => {
  expect(firstInvisible(text)).toBe(name);
});

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_item, index) => first + index);

test('between letters, every character without a shape is found and named', () => {
  const invisible = [
    ...[...range(0x00, 0x1f), ...range(0x7f, 0x9f), 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5],
    ...[...range(0x180b, 0x180f), ...range(0x200b, 0x200f), ...range(0x2028, 0x202e), 0x2800, 0x3164],
    ...[...range(0x2060, 0x206f), ...range(0xfe00, 0xfe0f), 0xfeff, 0xffa0, ...range(0xfff9, 0xfffb)],
    ...[0xe000, 0xfdd0, 0xffff, ...range(0x1d173, 0x1d17a), ...range(0xe0000, 0xe0fff), 0x10ffff],
  ];
  for (const code of invisible) {
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    expect([code, firstInvisible(`a${String.fromCodePoint(code)}b`)]).toEqual([code, name]);
  }
});

test('of all control, format and default-ignorable characters only number signs are accepted', () => {
  const accepted = range(0, 0x10ffff).filter((code) => {
    const character = String.fromCodePoint(code);
    return (
      /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/u.test(character) &&
      firstInvisible(`a${character}b`) === undefined
    );
  });
  const numberSigns = [...range(0x600, 0x605), 0x6dd, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd];
  expect(accepted).toEqual(numberSigns);
});
