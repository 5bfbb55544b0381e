import { pageOf, PageQuery, Payout, PayoutOwner } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { assertOperatorOrGranted, Problem, type Api } from '@payfan/service';
import { z } from 'zod';
import { findOwner, findPayout, listPayouts, type StoredPayout } from '../payout-store.ts';
import { noPayout, payoutIdOf, readPayoutCursor, visibleTo } from './request.ts';

export interface PayoutRoutesOptions {
  database: Database;
  /** Undefined if this account (null: any) has no such payout. */
  cancel: (asked: { id: string; accountId: string | null }) => Promise<StoredPayout | undefined>;
}

const Id = z.strictObject({ id: z.string() });
const ETAG = {
  ETag: 'Of this state; give it as If-None-Match to get 304 for as long as nothing has changed',
};
const NOT_FOUND = { status: 404, code: 'not_found', description: "No such payout, or somebody else's" };
const FORBIDDEN = { status: 403, code: 'forbidden' };

/** Looking at payouts, and cancelling them. */
export function payoutRoutes(api: Api, { database, cancel }: PayoutRoutesOptions): void {
  api.route(
    {
      method: 'get',
      path: '/v1/payouts/{id}',
      summary: 'How far a payout is',
      auth: 'required',
      params: Id,
      headers: z.object({ 'if-none-match': z.string().optional() }),
      responses: {
        200: {
          description: 'The payout',
          schema: Payout,
          headers: {
            ...ETAG,
            'Retry-After': 'While it is processing: seconds after which asking again is of use',
          },
        },
        304: { description: 'It is as it was', headers: ETAG },
      },
      problems: [FORBIDDEN, NOT_FOUND],
    },
    async ({ principal, params, headers }) => {
      const found = await findPayout(database, payoutIdOf(params), visibleTo(principal));
      if (found === undefined) throw noPayout();
      const answerHeaders = headersOf(found);
      const known = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
      if (known.includes(answerHeaders.etag)) return { status: 304, headers: answerHeaders };
      return { status: 200, headers: answerHeaders, body: found.payout };
    },
  );

  api.route(
    {
      method: 'get',
      path: '/v1/payouts/{id}/owner',
      summary: 'Whose a payout is',
      description:
        'For operators and services with the grant `payout-owners`: the gateway asks who may follow a payout.',
      auth: 'required',
      params: Id,
      responses: { 200: { description: 'Its owner', schema: PayoutOwner } },
      problems: [FORBIDDEN, NOT_FOUND],
    },
    async ({ principal, params }) => {
      assertOperatorOrGranted(principal, 'payout-owners');
      const accountId = await findOwner(database, payoutIdOf(params));
      if (accountId === undefined) throw noPayout();
      return { status: 200, body: { accountId } };
    },
  );

  api.route(
    {
      method: 'get',
      path: '/v1/payouts',
      summary: 'Your payouts, newest first',
      auth: 'required',
      query: PageQuery,
      responses: { 200: { description: 'A page of payouts', schema: pageOf(Payout) } },
      problems: [FORBIDDEN],
    },
    async ({ principal, query }) => {
      const found = await listPayouts(database, {
        accountId: visibleTo(principal),
        before: readPayoutCursor(query.after),
        limit: query.limit + 1,
      });
      const data = found.slice(0, query.limit);
      return {
        status: 200,
        body: { data, nextCursor: found.length > query.limit ? (data.at(-1)?.id ?? null) : null },
      };
    },
  );

  api.route(
    {
      method: 'post',
      path: '/v1/payouts/{id}/cancel',
      summary: 'Cancel what has not been started of a payout',
      description:
        'Lines that are just being paid are finished, so the payout may still be `processing` in the answer. ' +
        'Repeating it changes nothing.',
      auth: 'required',
      params: Id,
      responses: { 200: { description: 'The payout as it is then', schema: Payout } },
      problems: [
        FORBIDDEN,
        NOT_FOUND,
        { status: 409, code: 'already_finished', description: 'Every line had been paid or refused' },
      ],
    },
    async ({ principal, params }) => {
      const cancelled = await cancel({ id: payoutIdOf(params), accountId: visibleTo(principal) });
      if (cancelled === undefined) throw noPayout();
      const { payout } = cancelled;
      if (payout.status === 'completed' || payout.status === 'completed_with_failures') {
        throw new Problem({
          status: 409,
          code: 'already_finished',
          detail: 'Every line of this payout has been paid or refused: there is nothing to cancel.',
        });
      }
      return { status: 200, body: payout };
    },
  );
}

/** Lines that are paid in a second or so: what a hint is made of, and nothing else. */
const LINES_A_SECOND = 1_000;
const LONGEST_HINT_SECONDS = 15;

function headersOf({ payout, version }: StoredPayout) {
  const left = payout.total - payout.succeeded - payout.failed - payout.cancelled;
  const hint = Math.min(LONGEST_HINT_SECONDS, Math.ceil(left / LINES_A_SECOND));
  return {
    etag: `"${version}"`,
    // To be kept by whoever asked, and asked about each time.
    'cache-control': 'private, no-cache',
    ...(payout.status === 'processing' ? { 'retry-after': String(hint) } : {}),
  };
}
