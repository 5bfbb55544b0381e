import { withToast, type Shown, type Toast } from './toast-list.ts';

const told = (...toasts: Toast<string>[]) =>
  toasts.reduce<readonly Shown<string>[]>((shown, toast, index) => withToast(shown, toast, index + 1), []);
const titles = (shown: readonly Shown<string>[]) => shown.map(({ title }) => title);
const news = (count: number): Toast<string>[] =>
  Array.from({ length: count }, (_, index) => ({ title: `news ${index + 1}`, kind: 'success' }));

test('the first are shown, and those that come meanwhile are counted in one line', () => {
  expect(titles(told(...news(3)))).toEqual(['news 1', 'news 2', 'news 3']);
  expect(told(...news(4)).at(-1)).toEqual({ title: 'and 1 more', kind: 'info', id: 4, standsFor: 1 });
  expect(titles(told(...news(1_003)))).toEqual(['news 1', 'news 2', 'news 3', 'and 1000 more']);
});

test('while the count is shown it goes on, though there is room again; then all begins anew', () => {
  const flooded = told(...news(5));
  const rest = flooded.slice(3);
  expect(titles(withToast(rest, { title: 'late' }, 9))).toEqual(['and 3 more']);
  expect(titles(withToast([], { title: 'late' }, 9))).toEqual(['late']);
});

test('failures are never counted away, and drive nothing else out', () => {
  const failures = [1, 2, 3, 4].map((one): Toast<string> => ({ title: `failure ${one}`, kind: 'failure' }));
  expect(titles(told(...news(4), ...failures))).toEqual([
    ...['news 1', 'news 2', 'news 3', 'and 1 more', 'failure 2', 'failure 3', 'failure 4'],
  ]);
});
