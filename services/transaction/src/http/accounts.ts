import { Account, Entry, pageOf, PageQuery } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { Problem, type Api } from '@payfan/service';
import { findAccount, listEntries } from '../account-store.ts';
import { accountOf, readCursor } from './request.ts';

/** What an account's owner sees of it. */
export function accountRoutes(api: Api, database: Database): void {
  api.route(
    {
      method: 'get',
      path: '/v1/accounts/me',
      summary: 'Your account and its balance',
      auth: 'required',
      responses: { 200: { description: 'The account', schema: Account } },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 404, code: 'not_found' },
      ],
    },
    async ({ principal }) => {
      const account = await findAccount(database, accountOf(principal));
      if (account === undefined) {
        throw new Problem({
          status: 404,
          code: 'not_found',
          detail: 'This account does not exist any more.',
        });
      }
      return { status: 200, body: account };
    },
  );

  api.route(
    {
      method: 'get',
      path: '/v1/accounts/me/entries',
      summary: "Your account's ledger entries, newest first, with the balance after each",
      auth: 'required',
      query: PageQuery,
      responses: { 200: { description: 'A page of entries', schema: pageOf(Entry) } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal, query }) => {
      const page = {
        accountId: accountOf(principal),
        before: readCursor(query.after),
        limit: query.limit + 1,
      };
      const entries = await listEntries(database, page);
      const data = entries.slice(0, query.limit);
      const nextCursor = entries.length > query.limit ? (data.at(-1)?.id ?? null) : null;
      return { status: 200, body: { data, nextCursor } };
    },
  );
}
