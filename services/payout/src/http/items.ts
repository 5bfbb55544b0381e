import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pageOf, PayoutItemResult, PayoutItemStatus } from '@payfan/contracts';
import { spreadsheetRow } from '@payfan/contracts/payout-csv';
import type { Database } from '@payfan/database';
import { Streamed, type Api, type Logger } from '@payfan/service';
import { z } from 'zod';
import { listItems } from '../item-store.ts';
import { findPayout } from '../payout-store.ts';
import { noPayout, payoutIdOf, readLineCursor, visibleTo } from './request.ts';

const COLUMNS = [
  'line',
  'to',
  'amount',
  'currency',
  'note',
  'status',
  'transferId',
  'code',
  'detail',
] as const;
/** Lines that are read at once for a file. */
const FILE_PAGE_LINES = 1_000;

interface Asked {
  payoutId: string;
  status: PayoutItemStatus | null;
  after: number;
}

/** What became of each line. */
export function itemRoutes(api: Api, { database, logger }: { database: Database; logger: Logger }): void {
  api.route(
    {
      method: 'get',
      path: '/v1/payouts/{id}/items',
      summary: 'The lines of a payout, and what became of each',
      description:
        'In pages, in the order of their lines. With `Accept: text/csv` all of them from `after` on, as a ' +
        'file; in it an apostrophe stands before each sign of a text that a spreadsheet might take for the beginning ' +
        'of a formula.',
      auth: 'required',
      params: z.strictObject({ id: z.string() }),
      headers: z.object({ accept: z.string().optional() }),
      query: z.strictObject({
        status: PayoutItemStatus.optional(),
        after: z.string().max(64).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
      }),
      responses: {
        200: {
          description: 'A page of lines, or all of them as CSV',
          schema: pageOf(PayoutItemResult),
          streamedAs: ['text/csv'],
        },
      },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 404, code: 'not_found', description: "No such payout, or somebody else's" },
      ],
    },
    async ({ principal, params, headers, query }) => {
      const payoutId = payoutIdOf(params);
      const asked: Asked = {
        payoutId,
        status: query.status ?? null,
        after: readLineCursor(query.after),
      };
      if ((await findPayout(database, payoutId, visibleTo(principal))) === undefined) throw noPayout();
      if (wantsCsv(headers.accept)) return asFile(asked, { database, logger });

      const found = await listItems(database, { ...asked, limit: query.limit + 1 });
      const data = found.slice(0, query.limit);
      const last = found.length > query.limit ? data.at(-1) : undefined;
      return { status: 200, body: { data, nextCursor: last === undefined ? null : String(last.line) } };
    },
  );
}

/** Whoever names CSV, and not JSON before it. */
function wantsCsv(accept = ''): boolean {
  const types = accept.split(',').map((type) => type.split(';', 1).join().trim().toLowerCase());
  const first = types.find((type) => ['text/csv', 'application/json', '*/*'].includes(type));
  return first === 'text/csv';
}

function asFile(asked: Asked, { database, logger }: { database: Database; logger: Logger }) {
  return {
    status: 200 as const,
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="payout-${asked.payoutId}.csv"`,
    },
    body: new Streamed((response) => {
      writeFile(response, asked, database).catch((error: unknown) => {
        logger.warn({ err: error, payoutId: asked.payoutId }, 'results not sent to their end');
        // Cutting the connection is the only way left to tell that the rest is missing.
        response.destroy();
      });
    }),
  };
}

async function writeFile(response: ServerResponse, asked: Asked, database: Database): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.write(spreadsheetRow(COLUMNS));
  for (let after = asked.after; !gone.signal.aborted;) {
    const page = await listItems(database, { ...asked, after, limit: FILE_PAGE_LINES });
    const text = page.map((item) => spreadsheetRow(COLUMNS.map((column) => item[column]))).join('');
    if (!response.write(text)) await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
    const last = page.at(-1);
    if (last === undefined || page.length < FILE_PAGE_LINES) {
      response.end();
      return;
    }
    after = last.line;
  }
}
