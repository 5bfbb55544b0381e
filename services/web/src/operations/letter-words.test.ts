import { lettersIn } from './letter-words.ts';

test('letters are counted in words', () => {
  expect([0, 1, 1_00_000].map(lettersIn)).toEqual(['0 letters', '1 letter', '1,00,000 letters']);
});
