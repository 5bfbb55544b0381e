import fc from 'fast-check';
import { beginningOf } from '@payfan/contracts';
import { linksIn, typedLinks } from './testing/links.ts';
import { withoutLinks } from './without-links.ts';

test.each([
  'lunch',
  'rent for May 2026',
  '₹500 + 20.50',
  '₹1,00,000.00',
  'Rs 100000.00',
  'a.m. shift',
  'A.P.J. Abdul Kalam',
  'Dr. Rao, thanks! See you at 10:30 (or 11).',
  '24-11-2026',
  '24/11/2026 to 5.12.2026',
  'FY 2025-26',
  'flat 560001',
  '1½ kg, 20 m², 50% off',
  'w/o onions and/or garlic',
  'Note: 2 x 45',
  'O’Brien & <b>co</b> "x" ;-) :)',
  'दोपहर का खाना 🍛, ५०० रुपये',
  'க்ஷேமம் சாப்பாடு',
  'क्\u200dष 👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽',
  'راشن',
])('%j is left as it was typed', (text) => {
  expect(withoutLinks(text)).toBe(text);
});

test.each([
  ['evil.com', 'evil. com'],
  ['https://evil.com/pay?x=1', 'https: / /evil. com/pay?x=1'],
  ['evil．com', 'evil. com'],
  ['evil\u200b.\u00adcom', 'evil. com'],
  ['𝐞𝐯𝐢𝐥.com', 'evil. com'],
  ['evil%2Ecom', 'evil% 2Ecom'],
  ['tel:112', 'tel: 112'],
  ['ravi@okaxis', 'ravi@ okaxis'],
  ['10.0.0.1', '10. 0. 0. 1'],
  ['9876543210', '98765_43210'],
  ['+91 98765 43210', '+91 _ 98765 _ 43210'],
  ['९८७६५४३२१०', '९८७६५_४३२१०'],
  ['1234567', '12345_67'],
  ['Dr.Rao', 'Dr. Rao'],
  ['a\r\nb', 'a b'],
])('%j becomes %j', (text, expected) => {
  expect(withoutLinks(text)).toBe(expected);
});

test('linksIn finds every kind of link in a text that was not cleaned', () => {
  for (const link of [
    'evil.com',
    '10.0.0.1',
    'tel:112',
    'a@b.in',
    '98765 43210',
    'ev\u200bil．com',
    'evil%2ecom',
  ]) {
    expect(linksIn(`see ${link} now`)).not.toEqual([]);
  }
});

test('nothing typed is a link afterwards, nor is any part from its beginning', () => {
  fc.assert(
    fc.property(typedLinks, fc.nat(60), (typed, length) => {
      const text = withoutLinks(typed);
      expect(linksIn(text)).toEqual([]);
      expect(linksIn(beginningOf(text, length))).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});

test('a second call changes nothing', () => {
  fc.assert(
    fc.property(typedLinks, (typed) => {
      const once = withoutLinks(typed);
      expect(withoutLinks(once)).toBe(once);
    }),
    { numRuns: 3_000 },
  );
});

test('the result is one line of well-formed text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      const text = withoutLinks(typed);
      expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(text.isWellFormed()).toBe(true);
    }),
  );
});
