import { IdempotencyKey, PayoutAccepted, type Payout } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { bearerOf, currentContext, JsonText, newTraceparent, Problem, type Api } from '@payfan/service';
import { Counter, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Owner } from '../account-client.ts';
import type { NewPayout } from '../payout.ts';
import { findByKey, unknownPayeesSince, type Remembered } from '../payout-store.ts';
import { hasTooManyUnknownPayees } from '../unknown-payees.ts';
import {
  CSV_BODY,
  draftOfCsv,
  draftOfItems,
  type DraftOptions,
  invalidLines,
  JSON_LIMIT_BYTES,
  PayoutBody,
} from './payout-body.ts';
import { differenceFrom, ExpectHeader } from './expectation.ts';
import { accountOf, problemForKey } from './request.ts';

/** Payouts received at once; of each at most the size of its body is held until it is stored. */
const SLOTS = 16;

export interface CreateRouteOptions extends DraftOptions {
  database: Database;
  /** False if the key has been used. */
  create: (payout: NewPayout) => Promise<boolean>;
  accountOfCaller: (authorization: string) => Promise<Owner>;
  /** Unknown payees that an account's payouts of an hour may name; 0 switches the limit off. */
  unknownPayeesPerHour: number;
  newId: () => string;
  now: () => Date;
  metrics: Registry;
}

const locationOf = (id: string) => `/v1/payouts/${id}`;

/** Sending a payout. */
export function createRoute(api: Api, options: CreateRouteOptions): void {
  const { database, create, accountOfCaller, metrics, newId, now } = options;
  const differing = new Counter({
    name: 'payouts_differing_total',
    help: 'Payouts refused because they are not what Payfan-Expect says. Sum over copies; each is worth an alarm.',
    registers: [metrics],
  });

  api.route(
    {
      method: 'post',
      path: '/v1/payouts',
      takesLong: true,
      summary: 'Pay many at once',
      description:
        'Answers when the payout is stored, and pays after that: ask for it, or follow the topic `payout.<id>`. ' +
        'Every line is checked before anything is stored; with `partial=true` the good ones are taken, and the ' +
        'answer tells of the others. A refusal for lines describes the first hundred mistakes in `errors`, and lists ' +
        'the numbers of all wrong lines in `rejectedLines`. The sum must be in your account, but is not set aside. A repeat under the same ' +
        'Idempotency-Key pays nothing again and gets the first answer. A payout that names too many payees without a ' +
        'wallet is stopped: its other lines are cancelled, with the `cancelReason` too_many_unknown_payees.',
      auth: 'required',
      headers: z.object({ 'idempotency-key': IdempotencyKey, 'payfan-expect': ExpectHeader.optional() }),
      query: z.strictObject({
        partial: z
          .enum(['true', 'false'])
          .default('false')
          .meta({ description: 'Whether to take the good lines of a body that has bad ones' }),
      }),
      body: PayoutBody.optional(),
      bodyLimit: JSON_LIMIT_BYTES,
      slots: SLOTS,
      streams: { 'text/csv': CSV_BODY },
      problemForInvalid: problemForKey,
      responses: {
        202: {
          description: 'The payout is stored, and will be paid',
          schema: PayoutAccepted,
          headers: {
            Location: 'The address of the payout',
            'Idempotent-Replayed': 'true where this is the answer of an earlier request',
          },
        },
      },
      problems: [
        { status: 400, code: 'idempotency_key_missing' },
        {
          status: 402,
          code: 'insufficient_funds',
          description: 'Nothing is stored, and the key is still free',
        },
        { status: 403, code: 'forbidden' },
        {
          status: 409,
          code: 'payout_differs',
          description:
            'The payout is not what Payfan-Expect says: `total` and `amount` are those of this request. Nothing is ' +
            'stored, and the key is still free',
        },
        { status: 422, code: 'idempotency_key_reused' },
        {
          status: 429,
          code: 'rate_limited',
          description:
            'Payouts of the last hour named too many payees without a wallet (`limit`: unknown_payees). Nothing is ' +
            'stored under the key. Repeat after the time in Retry-After',
        },
        { status: 503, code: 'temporarily_unavailable', description: 'Repeat with the same Idempotency-Key' },
      ],
    },
    async ({ principal, headers, query, body, stream, request }) => {
      const { accountId, tier: lane } = accountOf(principal);
      const draft = await (stream === undefined
        ? draftOfItems(body?.items ?? [], options)
        : draftOfCsv(stream, options));
      const { rejected } = draft;
      const lines = draft.finish();
      const idempotencyKey = headers['idempotency-key'];
      // Before its lines are judged: whoever is told that nothing was stored sends it again under another key.
      const known = await findByKey(database, accountId, idempotencyKey);
      if (known !== undefined) return replay(known, lines?.fingerprint);
      if (lines === undefined || (rejected !== undefined && query.partial === 'false')) {
        throw invalidLines(draft);
      }
      const difference = differenceFrom(headers['payfan-expect'], lines);
      if (difference !== undefined) {
        differing.inc();
        throw difference;
      }
      await assertFewUnknownPayees(options, accountId);

      const { balance, name, phone, email, language } = await accountOfCaller(`Bearer ${bearerOf(request)}`);
      if (balance < lines.amount) throw insufficientFunds(lines.amount, balance);

      const id = newId();
      const { total } = lines;
      const accepted: PayoutAccepted = {
        id,
        status: 'processing',
        lane,
        total,
        ...(rejected === undefined ? {} : { rejected }),
      };
      const answer = JSON.stringify(accepted);
      const context = currentContext();
      const stored = await create({
        ...lines,
        id,
        accountId,
        idempotencyKey,
        answer,
        lane,
        owner: { accountId, name, phone, email, language },
        traceparent: context?.traceparent ?? newTraceparent(),
        correlationId: context?.correlationId ?? id,
        createdAt: now(),
      });
      if (stored) return accept(id, answer);
      // Somebody sent the same in the same moment, and was first.
      const first = await findByKey(database, accountId, idempotencyKey);
      if (first === undefined) throw new Error('a key is taken, and there is no payout under it');
      return replay(first, lines.fingerprint);
    },
  );
}

const accept = (id: Payout['id'], answer: string, headers: Record<string, string> = {}) => ({
  status: 202 as const,
  headers: { ...headers, location: locationOf(id) },
  body: new JsonText(answer),
});

function replay({ id, answer, fingerprint }: Remembered, asked: Buffer | undefined) {
  if (asked !== undefined && fingerprint.equals(asked))
    return accept(id, answer, { 'idempotent-replayed': 'true' });
  throw new Problem({
    status: 422,
    code: 'idempotency_key_reused',
    detail: 'This Idempotency-Key was used for another payout. Use a new key for a new payout.',
  });
}

const HOUR_MS = 3_600_000;

/** The time in Retry-After is when the first payout that counts is an hour old; later ones may still be too many. */
async function assertFewUnknownPayees(
  { database, unknownPayeesPerHour, now }: CreateRouteOptions,
  accountId: string,
): Promise<void> {
  if (unknownPayeesPerHour === 0) return;
  const nowMs = now().getTime();
  const counted = await unknownPayeesSince(database, accountId, new Date(nowMs - HOUR_MS));
  if (!hasTooManyUnknownPayees(counted, unknownPayeesPerHour)) return;
  const waitMs = (counted.firstAt?.getTime() ?? nowMs) + HOUR_MS - nowMs;
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  throw new Problem({
    status: 429,
    code: 'rate_limited',
    detail: `Payouts of this account have named too many payees without a wallet. Try again in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
    extensions: { limit: { name: 'unknown_payees', rate: `${unknownPayeesPerHour} per hour` } },
  });
}

function insufficientFunds(amount: number, balance: number): Problem {
  return new Problem({
    status: 402,
    code: 'insufficient_funds',
    detail: `Your balance is too low: the payout needs ${amount} and you have ${balance} (minor units). This request stored nothing.`,
    extensions: { amount, balance },
  });
}
