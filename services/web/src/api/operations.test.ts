import { isNone } from './operations.ts';

test('there is nothing only where everybody has said so', () => {
  expect(isNone({ data: [], unavailable: [] })).toBe(true);
  expect(isNone({ data: [], unavailable: ['email'] })).toBe(false);
  expect(isNone({ data: [{}], unavailable: [] })).toBe(false);
});
