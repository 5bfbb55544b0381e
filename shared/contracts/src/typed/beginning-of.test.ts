import fc from 'fast-check';
import { beginningOf, firstGrapheme, shortened } from './beginning-of.ts';

const FAMILY = '👨\u200d👩\u200d👧';

test.each([
  ['everything', 'Asha', 4, 'Asha'],
  ['letters', 'Asha Rao', 6, 'Asha R'],
  ['an emoji whole', 'Asha 😀 Rao', 7, 'Asha 😀'],
  ['no half of an emoji', 'Asha 😀 Rao', 6, 'Asha '],
  ['no part of a family', `Rao ${FAMILY}`, 11, 'Rao '],
  ['no skin tone without its hand', 'ok 👍🏽', 6, 'ok '],
  ['no letter without its accent', 'cafe\u0301', 4, 'caf'],
  ['no letter without its vowel sign', 'कि', 1, 'क'],
  ['no flag in half', '🇮🇳🇮🇳', 6, '🇮🇳'],
  ['code points of a first character that is too long', `${FAMILY}!`, 4, '👨\u200d'],
])('the beginning holds %s', (_, text, longest, expected) => {
  expect(beginningOf(text, longest)).toBe(expected);
});

test('a text that is cut ends with an ellipsis and is no longer than allowed', () => {
  expect([shortened('Asha Rao', 8), shortened('Asha Rao', 7), shortened('😀😀😀', 4)]).toEqual([
    'Asha Rao',
    'Asha R…',
    '😀…',
  ]);
});

test.each([
  ['Asha', 'A'],
  ['कीर्ति', 'की'],
  [`${FAMILY} Rao`, FAMILY],
  ['e\u0301mile', 'e\u0301'],
  ['', ''],
])('the first character of %j is %j', (text, first) => {
  expect(firstGrapheme(text)).toBe(first);
});

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

test('a beginning ends where a character ends, and the next one does not fit', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 40 }), (whole, longest) => {
      const beginning = beginningOf(whole, longest);
      expect(whole.startsWith(beginning)).toBe(true);
      expect(beginning.length).toBeLessThanOrEqual(longest);
      expect(beginning.isWellFormed()).toBe(true);
      if (beginning === whole) return;
      const next = segmenter.segment(whole).containing(beginning.length);
      if (beginning.length > firstGrapheme(whole).length) expect(next?.index).toBe(beginning.length);
      const first = Array.from(next?.segment ?? '')[0] ?? '';
      expect(beginning.length + (beginning === '' ? first : (next?.segment ?? '')).length).toBeGreaterThan(
        longest,
      );
    }),
  );
});
