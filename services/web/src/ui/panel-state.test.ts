import { ApiError } from '../api/api-error.ts';
import { panelStateOf } from './panel-state.ts';

const error = new ApiError({ status: 503, code: 'c', detail: 'd' });
let refetches = 0;
const query = (given: { data?: number[]; error?: unknown }) => ({
  data: given.data,
  error: given.error ?? null,
  dataUpdatedAt: 7,
  refetch: () => (refetches += 1),
});
const empty = { when: (data: number[]) => data.length === 0, title: 'None', hint: 'Make one' };

test('loading until there is something, an error if there never was, stale if there was', () => {
  expect(panelStateOf(query({}))).toEqual({ kind: 'loading' });
  expect(panelStateOf(query({ data: [1] }), empty)).toEqual({ kind: 'ready' });
  expect(panelStateOf(query({ data: [] }), empty)).toMatchObject({
    kind: 'empty',
    title: 'None',
    hint: 'Make one',
  });
  expect(panelStateOf(query({ error }))).toMatchObject({ kind: 'error', error });
  expect(panelStateOf(query({ data: [], error }), empty)).toMatchObject({ kind: 'stale', asOf: 7, error });
});

test('what failed can be tried again', () => {
  const state = panelStateOf(query({ error }));
  if (state.kind === 'error') state.retry?.();
  expect(refetches).toBe(1);
});
