import { DeliveryList, visibleContact, type Delivery, type Viewer } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { assertOperatorOrGranted, type Api, type Principal } from '@payfan/service';
import { z } from 'zod';
import { listDeliveries, type DeliveryRow } from '../delivery-store.ts';

const DeliveryQuery = z
  .strictObject({
    transferId: z.uuid().optional(),
    payoutId: z
      .uuid()
      .optional()
      .meta({ description: 'The payout as a whole; each of its transfers has deliveries of its own' }),
  })
  .refine(({ transferId, payoutId }) => (transferId === undefined) !== (payoutId === undefined), {
    message: 'must have either transferId or payoutId',
  });

/** How people were told of a transfer or a payout on this channel, for those who may know. */
export function deliveryRoutes(api: Api, { name, database }: { name: string; database: Queryable }): void {
  api.route(
    {
      method: 'get',
      path: '/v1/deliveries',
      summary: 'The deliveries of a transfer or of a payout on this channel',
      description:
        'A party to the transfer sees all, with the contacts of the other one masked, but a payer sees the phone number of the payee; operators, and services with the grant `deliveries`, see all. Any other account gets an empty list. ' +
        'Of a payout, its owner is told once, when it is completed; of its transfers the payees are told, and not the owner.',
      auth: 'required',
      query: DeliveryQuery,
      responses: { 200: { description: 'The deliveries', schema: DeliveryList } },
      problems: [{ status: 403, code: 'forbidden', description: 'A service without the grant `deliveries`' }],
    },
    async ({ principal, query }) => {
      const viewer = viewerOf(principal);
      const rows = await listDeliveries(database, subjectOf(query), viewer);
      return { status: 200, body: { data: rows.map((row) => toDelivery(name, row, viewer)) } };
    },
  );
}

function viewerOf(principal: Principal): Viewer {
  if (principal.kind === 'account') return { kind: 'account', accountId: principal.accountId };
  assertOperatorOrGranted(principal, 'deliveries');
  return { kind: 'all' };
}

const subjectOf = ({ transferId, payoutId = '' }: z.output<typeof DeliveryQuery>) =>
  transferId === undefined
    ? ({ of: 'payout', id: payoutId } as const)
    : ({ of: 'transfer', id: transferId } as const);

function toDelivery(channel: string, { accountId, ...row }: DeliveryRow, viewer: Viewer): Delivery {
  const isOwn = viewer.kind === 'all' || viewer.accountId === accountId;
  return {
    channel,
    ...row,
    recipient: visibleContact(row.recipient, { accountId, role: row.role }, viewer),
    // A provider's words may quote the address.
    error: isOwn || row.error === null ? row.error : 'not shown: it concerns the other party',
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
  };
}
