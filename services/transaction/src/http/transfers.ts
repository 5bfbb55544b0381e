import { CreateTransfer, IdempotencyKey, pageOf, PageQuery, Transfer, type Viewer } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import {
  currentContext,
  JsonText,
  newTraceparent,
  Problem,
  type Api,
  type FieldError,
} from '@payfan/service';
import { z } from 'zod';
import { rateLimited, type Limits } from '../limits.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import { takesOf } from '../rate-limit-store.ts';
import type { TracedRequest } from '../make-transfers.ts';
import { fingerprintOf, firstIdOf, type InvalidCode, type Outcome } from '../transfer.ts';
import { findTransfer, listTransfers } from '../transfer-store.ts';
import { accountOf, readCursor } from './request.ts';

export interface TransferRoutesOptions {
  database: Database;
  makeTransfer: (item: TracedRequest) => Promise<Outcome>;
  limits: Limits;
  limiter: Pick<RateLimiter, 'assertAllowed'>;
  newId: () => string;
  now: () => Date;
}

/** Sending money, and looking at what was sent and received. */
export function transferRoutes(
  api: Api,
  { database, makeTransfer, limits, limiter, newId, now }: TransferRoutesOptions,
): void {
  api.route(
    {
      method: 'post',
      path: '/v1/transfers',
      summary: 'Send money',
      description:
        'Answers when the money is committed; payer and payee are told afterwards, by push, phone and email. ' +
        'A repeat under the same Idempotency-Key moves nothing and gets the first answer again.',
      auth: 'required',
      headers: z.object({ 'idempotency-key': IdempotencyKey }),
      body: CreateTransfer,
      problemForInvalid,
      responses: {
        201: {
          description: 'The transfer is committed',
          schema: Transfer,
          headers: {
            Location: 'The address of the transfer',
            'Idempotent-Replayed': 'true where this is the answer of an earlier request',
          },
        },
      },
      problems: [
        { status: 400, code: 'idempotency_key_missing' },
        { status: 402, code: 'insufficient_funds' },
        { status: 403, code: 'forbidden' },
        ...Object.entries(INVALID).map(([code, { status }]) => ({ status, code })),
        {
          status: 429,
          code: 'rate_limited',
          description:
            'One of the limits for an account is exceeded: transfers, transfers to one payee, unknown payees. `limit` ' +
            'says which. Nothing is stored under the key. Repeat after the time in Retry-After',
        },
        { status: 503, code: 'temporarily_unavailable', description: 'Repeat with the same Idempotency-Key' },
        {
          status: 503,
          code: 'overloaded',
          description: 'Nothing was done. Repeat after the time in Retry-After',
        },
      ],
    },
    async ({ principal, headers, body }) => {
      const { to, amount, currency, note } = body;
      const payerId = accountOf(principal);
      await limiter.assertAllowed(
        takesOf([limits.transfers, payerId], [limits.transfersToOnePayee, `${payerId} ${to}`]),
      );
      const context = currentContext();
      const transferId = newId();
      const outcome = await makeTransfer({
        request: {
          transferId,
          createdAt: now(),
          payerId,
          payeePhone: to,
          amount,
          currency,
          note,
          lane: 'interactive',
          idempotencyKey: headers['idempotency-key'],
          fingerprint: fingerprintOf(body),
        },
        trace: {
          correlationId: context?.correlationId ?? transferId,
          traceparent: context?.traceparent ?? newTraceparent(),
        },
      });
      return answer(outcome, transferId, limits);
    },
  );

  api.route(
    {
      method: 'get',
      path: '/v1/transfers/{id}',
      summary: 'A transfer that you sent or received',
      auth: 'required',
      params: z.strictObject({ id: z.string() }),
      responses: { 200: { description: 'The transfer', schema: Transfer } },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 404, code: 'not_found', description: "No such transfer, or somebody else's" },
      ],
    },
    async ({ principal, params }) => {
      const viewer: Viewer =
        principal.kind === 'operator'
          ? { kind: 'all' }
          : { kind: 'account', accountId: accountOf(principal) };
      const transfer = z.uuid().safeParse(params.id).success
        ? await findTransfer(database, params.id, viewer)
        : undefined;
      if (transfer === undefined) {
        throw new Problem({ status: 404, code: 'not_found', detail: 'You have no transfer with this id.' });
      }
      return { status: 200, body: transfer };
    },
  );

  api.route(
    {
      method: 'get',
      path: '/v1/transfers',
      summary: 'Your transfers, newest first',
      auth: 'required',
      query: PageQuery,
      responses: { 200: { description: 'A page of transfers', schema: pageOf(Transfer) } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal, query }) => {
      const page = {
        accountId: accountOf(principal),
        before: readCursor(query.after),
        limit: query.limit + 1,
      };
      const found = await listTransfers(database, page);
      const shown = found.slice(0, query.limit);
      const last = shown.at(-1);
      const nextCursor = found.length > query.limit && last !== undefined ? String(last.entryId) : null;
      return { status: 200, body: { data: shown.map(({ transfer }) => transfer), nextCursor } };
    },
  );
}

/** Why a request was not decided, as the client is told. */
const INVALID: Record<InvalidCode, { status: number; detail: string }> = {
  payer_not_found: {
    status: 404,
    detail: 'The account that these credentials belong to does not exist any more.',
  },
  recipient_not_found: { status: 404, detail: 'Nobody with this phone number has a wallet here.' },
  same_account: { status: 422, detail: 'Payer and payee are the same account.' },
  balance_limit_exceeded: {
    status: 422,
    detail: "This would bring the payee's balance above the largest possible.",
  },
  idempotency_key_reused: {
    status: 422,
    detail: 'This Idempotency-Key was used for another request. Use a new key for a new transfer.',
  },
};

function answer(outcome: Outcome, transferId: string, { unknownPayees }: Pick<Limits, 'unknownPayees'>) {
  if (outcome.kind === 'limited') {
    if (unknownPayees === undefined) throw new Error('a limit that is switched off refused a transfer');
    throw rateLimited(unknownPayees, outcome.retryAfterSeconds);
  }
  if (outcome.kind === 'invalid') throw new Problem({ ...INVALID[outcome.code], code: outcome.code });
  const { decision, kind } = outcome;
  const headers: Record<string, string> = kind === 'replayed' ? { 'idempotent-replayed': 'true' } : {};
  switch (decision.code) {
    case 'completed': {
      const { response } = decision;
      const id = kind === 'decided' ? transferId : firstIdOf(decision);
      headers['location'] = `/v1/transfers/${id}`;
      return { status: 201 as const, headers, body: new JsonText(response) };
    }
    case 'insufficient_funds':
      throw new Problem({
        status: 402,
        code: decision.code,
        detail: 'Your balance is too low for this transfer. To try again later, use a new Idempotency-Key.',
        headers,
      });
  }
}

function problemForInvalid(errors: readonly FieldError[]): Problem | undefined {
  const missing = errors.some(({ in: place, path }) => place === 'header' && path === 'idempotency-key');
  if (!missing) return undefined;
  return new Problem({
    status: 400,
    code: 'idempotency_key_missing',
    detail:
      'Send an Idempotency-Key header of 1 to 255 printable characters, a new one for each transfer that is meant. ' +
      'Repeating a request with its key is then safe.',
  });
}
