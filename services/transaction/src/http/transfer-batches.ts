import { BatchItem, BatchResults, MAX_BATCH_ITEMS, TransferBatch, type BatchResult } from '@payfan/contracts';
import { assertGranted, currentContext, newTraceparent, Problem, timeOfId, type Api } from '@payfan/service';
import { z } from 'zod';
import type { Batch, InvalidItem } from '../make-batch.ts';
import type { Trace } from '../transfer-event.ts';

export interface TransferBatchRoutesOptions {
  makeBatch: (batch: Batch, trace: Trace) => Promise<BatchResult[]>;
  newId: () => string;
  now: () => Date;
  /** How long the keys of items are known. */
  keyDays: number;
}

/** 500 items with the longest keys and notes, every character of the notes escaped, are 0.7 MB. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/** An item as a transfer's request is read. One that is wrong must not fail its neighbours, so it becomes the reason. */
const AnyItem = z.union([BatchItem, z.unknown().transform(whyInvalid)]);
const AnyBatch = TransferBatch.extend({
  items: z.array(AnyItem).min(1).max(MAX_BATCH_ITEMS),
}).meta({ id: 'TransferBatch' });

/** The door by which the transfers of payouts come. */
export function transferBatchRoutes(
  api: Api,
  { makeBatch, newId, now, keyDays }: TransferBatchRoutesOptions,
): void {
  api.route(
    {
      method: 'post',
      path: '/v1/transfers/batch',
      takesLong: true,
      summary: 'Make the transfers of a part of a payout',
      description:
        'For services with the grant `batch`: they move the money of every account. Items are decided one by one, in their order, each as a transfer by itself: ' +
        'one that is wrong or refused changes nothing for the others. Payees are told on the bulk lane. ' +
        'Sent again, a batch moves nothing twice, and gets the same results for what was decided. ' +
        'After some seconds, as beside people who send money, the answer is for the first items alone, one at least: ' +
        'the rest is to be sent again.',
      auth: 'required',
      body: AnyBatch,
      bodyLimit: BODY_LIMIT_BYTES,
      responses: {
        200: { description: 'A result for each item that is decided, in their order', schema: BatchResults },
      },
      problems: [
        { status: 403, code: 'forbidden' },
        {
          status: 409,
          code: 'payout_too_old',
          description:
            'Keys of its items may be forgotten, so that it might be paid twice. An operator must look',
        },
        {
          status: 503,
          code: 'temporarily_unavailable',
          description: 'Some items may be made. Repeat the batch',
        },
        {
          status: 503,
          code: 'overloaded',
          description: 'Some items may be made. Repeat the batch after the time in Retry-After',
        },
      ],
    },
    async ({ principal, body }) => {
      assertGranted(principal, 'batch');
      assertKeysKnown(body.payoutId, { now: now(), keyDays });
      const context = currentContext();
      const results = await makeBatch(body, {
        correlationId: context?.correlationId ?? newId(),
        traceparent: context?.traceparent ?? newTraceparent(),
      });
      return { status: 200, body: { results } };
    },
  );
}

const DAY_MS = 24 * 3_600_000;

/**
 * No key of a payout's item is older than its payout. One that was put off until keys are forgotten, a part of it paid
 * perhaps, is refused before: a day before, as clocks differ.
 */
function assertKeysKnown(payoutId: string, { now, keyDays }: { now: Date; keyDays: number }): void {
  if (now.getTime() - timeOfId(payoutId) < (keyDays - 1) * DAY_MS) return;
  throw new Problem({
    status: 409,
    code: 'payout_too_old',
    detail:
      `The payout began more than ${keyDays - 1} days ago, and keys are known for ${keyDays} (IDEMPOTENCY_KEY_DAYS): ` +
      'items that were paid might be paid again. Compare its lines with its transfers, and pay what is missing anew.',
  });
}

/** Fields that are told of. */
const MOST_ISSUES = 3;

function whyInvalid(item: unknown): InvalidItem {
  const issues = BatchItem.safeParse(item).error?.issues ?? [];
  const reasons = issues.slice(0, MOST_ISSUES).map((issue) => {
    // What an unknown field is called is the client's own text, of any length.
    const message = issue.code === 'unrecognized_keys' ? 'has an unknown field' : issue.message;
    return [...issue.path.map(String), message].join(': ');
  });
  return { invalid: reasons.join('; ') };
}
