import fc from 'fast-check';
import { PhoneNumber, toE164 } from './phone-number.ts';

test.each([
  '7010233311',
  '07010233311',
  '07010 233311',
  '70102 33311',
  '70102-33311',
  '+917010233311',
  '+91 70102 33311',
  '+91-70102-33311',
  '91 7010233311',
  '0091 7010233311',
  '  7010233311 ',
  '7010 233 311',
  '7010.233.311',
  '70102/33311',
  '(0) 70102 33311',
  '[070102] 33311',
  '70102\u00a033311',
  '70102\u201133311',
  '70102–33311',
  '(+91) 70102 33311',
  '+91 (0) 70102 33311',
  '+91-0-7010233311',
  '91 07010233311',
  '00917010233311',
  '７０１０２３３３１１',
  '＋９１ ７０１０２３３３１１',
  '७०१०२ ३३३११',
  '+९१ ७०१०२ ३३३११',
  '৭০১০২৩৩৩১১',
  '௭௦௧௦௨௩௩௩௧௧',
  '౭౦౧౦౨౩౩౩౧౧',
  '۷۰۱۰۲۳۳۳۱۱',
  '٧٠١٠٢٣٣٣١١',
  '70१०233311',
  '𝟟𝟘𝟙𝟘𝟚𝟛𝟛𝟛𝟙𝟙',
])('%j is +917010233311', (input) => {
  expect(toE164(input)).toBe('+917010233311');
});

test.each([
  ['+1 415 555 2671', '+14155552671'],
  ['+44 20 7946 0958', '+442079460958'],
])('%j keeps its country', (input, expected) => {
  expect(toE164(input)).toBe(expected);
});

test.each([
  '',
  '12345',
  '701023331',
  '70102333111',
  '+91701023331',
  '+999 123 456 789',
  'Ravi',
  'ravi@example.com',
  '7010233311<script>',
  'call 7010233311 now',
  '7010233311\n7010233312',
  '7010233311\r\nBcc: 7010233312',
  '70102\n33311',
  '7010233311 / 7010233312',
  '+917010233311/12',
  '++917010233311',
  '+91 +917010233311',
  '7010233311+',
  '*7010233311',
  '0917010233311',
  '112',
  '⑦⓪①⓪②③③③①①',
  'tel:+917010233311',
  '7010233311;isub=5',
  '7010233311;phone-context=+91',
])('%j is no phone number', (input) => {
  expect(toE164(input)).toBeUndefined();
  const { error } = PhoneNumber.safeParse(input);
  expect(error?.issues[0]?.message).toContain('such as 7010233311');
});

const EXTENSIONS = [
  'ext. 5',
  'ext 5',
  'extn 12',
  'extension 12',
  'x5',
  'x 5',
  ';ext=5',
  '#5',
  ' #5',
  ',5',
  ';5',
  '~5',
];
test.each([...EXTENSIONS, 'доб. 5', 'एक्सटेंशन ५', 'p5', 'w5'])(
  'a number with the extension %j is refused, not called without it',
  (extension) => {
    for (const number of ['7010233311', '+91 70102 33311 ', '७०१०२३३३११', '+44 20 7946 0958']) {
      expect([number, toE164(number + extension)]).toEqual([number, undefined]);
    }
  },
);

test.each(['\u202a7010233311\u202c', '70102\u200b33311', '7010233311\u2060'])(
  'the invisible character in %j is named',
  (input) => {
    expect(PhoneNumber.safeParse(input).error?.issues[0]?.message).toMatch(
      /^must be a phone number, .* without invisible characters, but holds U\+20[0-9A-F]{2}$/,
    );
  },
);

test('a length is counted in code points', () => {
  expect(PhoneNumber.parse(`𝟟𝟘𝟙𝟘𝟚𝟛𝟛𝟛𝟙𝟙${' '.repeat(22)}`)).toBe('+917010233311');
});

test.each([7010233311, null, undefined, ['7010233311'], `${' '.repeat(30)}7010233311`])(
  '%j is refused before it is read',
  (input) => {
    expect(PhoneNumber.safeParse(input).success).toBe(false);
  },
);

test('whatever is typed, the answer is E.164 or none, and reads as itself again', () => {
  const typed = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789+-() ७०১٣')), maxLength: 20 }),
  );
  fc.assert(
    fc.property(typed, (input) => {
      const number = toE164(input);
      if (number === undefined) return;
      expect(number).toMatch(/^\+[1-9][0-9]{5,14}$/);
      expect(toE164(number)).toBe(number);
    }),
    { numRuns: 2_000 },
  );
});
