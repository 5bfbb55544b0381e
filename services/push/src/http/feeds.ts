import { FeedsRead, ReadFeeds } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { assertOperatorOrGranted, type Api } from '@payfan/service';
import { readFeeds } from '../feed-log-store.ts';

/** Of all feeds of one answer together: some 6 MB, and 100 of each of the 200 feeds that may be asked for. */
const MOST_EVENTS = 20_000;

/** The log behind the live topics, for gateways. */
export function feedRoutes(api: Api, database: Queryable): void {
  api.route(
    {
      method: 'post',
      path: '/v1/feeds/read',
      summary: 'What feeds hold after a number',
      description:
        'For operators and services with the grant `feeds`: they may read every feed. The feeds are answered in the order asked, each with its events in order: `limit` of them, or fewer where many feeds are asked for at once, so go on until you have `lastSeq`. If `firstSeq` is more than one after the number you gave, what was between is no longer kept.',
      auth: 'required',
      body: ReadFeeds,
      responses: { 200: { description: 'The feeds', schema: FeedsRead } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal, body: { feeds, limit } }) => {
      assertOperatorOrGranted(principal, 'feeds');
      const fair = Math.min(limit, Math.floor(MOST_EVENTS / feeds.length));
      return { status: 200, body: { feeds: await readFeeds(database, feeds, fair) } };
    },
  );
}
