import { phoneDigits } from './phone-digits.ts';

test('every decimal digit of Unicode has its value', () => {
  const digits = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code)).filter(
    (character) => /\p{Nd}/u.test(character),
  );
  const read = digits.map((digit) => phoneDigits(digit)).join('');
  expect(read).toBe('0123456789'.repeat(digits.length / 10));
});

test.each([
  ['(०७०१०) २३३-३११', '07010233311'],
  ['+91 70102 33311', '+917010233311'],
  ['(＋91) 70102 33311', '+917010233311'],
  ['70102 33311 ext. 5', undefined],
  ['7010233311+', undefined],
  ['', undefined],
  ['()', undefined],
])('%j has the digits %j', (typed, digits) => {
  expect(phoneDigits(typed)).toBe(digits);
});
