import type { Query, QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Reads anew what stands under a key, and ends when it is read. The first read of all is not begun anew while it is
 * under way, but joined: as it may have been made before what happened, it is followed by another if it brought
 * anything.
 */
export async function readAnew(queries: QueryClient, queryKey: QueryKey): Promise<void> {
  const isFirstUnderWay = queries.isFetching({ queryKey, predicate: (query) => !hasBrought(query) }) > 0;
  await queries.invalidateQueries({ queryKey });
  if (isFirstUnderWay) await queries.invalidateQueries({ queryKey, predicate: hasBrought });
}

const hasBrought = ({ state }: Query): boolean => state.data !== undefined;
