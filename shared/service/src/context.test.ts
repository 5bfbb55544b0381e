import {
  currentContext,
  isSafeId,
  isTraceparent,
  newTraceparent,
  runInContext,
  traceIdOf,
} from './context.ts';

test('follows the work, and contexts do not mix', async () => {
  const inside = async (correlationId: string) =>
    runInContext({ correlationId, traceparent: newTraceparent() }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentContext()?.correlationId;
    });
  expect(await Promise.all([inside('a'), inside('b')])).toEqual(['a', 'b']);
  expect(currentContext()).toBeUndefined();
});

test('makes valid traceparents, each a trace of its own', () => {
  const [one, two] = [newTraceparent(), newTraceparent()];
  expect(isTraceparent(one)).toBe(true);
  expect(traceIdOf(one)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceIdOf(one)).not.toBe(traceIdOf(two));
});

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  [undefined, false],
  ['', false],
  ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
  ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
  ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331', false],
])('isTraceparent(%s) is %s', (value, expected) => {
  expect(isTraceparent(value)).toBe(expected);
});

test.each([
  ['abc-1._X', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['a b', false],
  ['a\nb', false],
  ['"><script>', false],
  [undefined, false],
])('isSafeId(%j) is %s', (value, expected) => {
  expect(isSafeId(value)).toBe(expected);
});
