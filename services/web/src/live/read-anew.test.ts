import { readAnew } from './read-anew.ts';

interface State {
  data: number | undefined;
}
type Predicate = (query: { state: State }) => boolean;

/** As much of TanStack's client as is asked, with one query that is under way, and what reading it brings. */
async function readings(underWay: State | undefined, brings: number | undefined) {
  const calls: string[] = [];
  const query = { state: underWay ?? { data: 1 } };
  const queries = {
    isFetching: ({ predicate }: { predicate: Predicate }) =>
      underWay !== undefined && predicate(query) ? 1 : 0,
    async invalidateQueries({ predicate = () => true }: { predicate?: Predicate }) {
      if (!predicate(query)) return;
      calls.push('asked');
      await Promise.resolve();
      query.state = { data: brings };
      calls.push('read');
    },
  };
  await readAnew(queries as never, ['balance']);
  return calls;
}

test('once, where nothing is under way, or another reading, which is begun anew', async () => {
  expect(await readings(undefined, 2)).toEqual(['asked', 'read']);
  expect(await readings({ data: 1 }, 2)).toEqual(['asked', 'read']);
});

test('the first read is joined, and followed by another: it may have been made before what happened', async () => {
  expect(await readings({ data: undefined }, 2)).toEqual(['asked', 'read', 'asked', 'read']);
});

test('where the first read fails that is shown, and not hidden again by another', async () => {
  expect(await readings({ data: undefined }, undefined)).toEqual(['asked', 'read']);
});
