import { DeliveryList, type Delivery } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { Api } from '@payfan/service';
import { z } from 'zod';
import { listDeliveries, type DeliveryRow, type Viewer } from '../delivery-store.ts';
import { maskAddress } from '../mask.ts';

/** How people were told of a transfer on this channel, for those who may know. */
export function deliveryRoutes(api: Api, { name, database }: { name: string; database: Queryable }): void {
  api.route(
    {
      method: 'get',
      path: '/v1/deliveries',
      summary: "A transfer's deliveries on this channel",
      description:
        'A party to the transfer sees both, with the other one’s address masked; operators and services see all. Anybody else gets an empty list.',
      auth: 'required',
      query: z.strictObject({ transferId: z.uuid() }),
      responses: { 200: { description: 'The deliveries', schema: DeliveryList } },
    },
    async ({ principal, query }) => {
      const viewer: Viewer =
        principal.kind === 'account' ? { kind: 'account', accountId: principal.accountId } : { kind: 'all' };
      const rows = await listDeliveries(database, query.transferId, viewer);
      return { status: 200, body: { data: rows.map((row) => toDelivery(name, row, viewer)) } };
    },
  );
}

function toDelivery(channel: string, { accountId, ...row }: DeliveryRow, viewer: Viewer): Delivery {
  const isOwn = viewer.kind === 'all' || viewer.accountId === accountId;
  return {
    channel,
    ...row,
    recipient: isOwn ? row.recipient : maskAddress(row.recipient),
    // A provider's words may quote the address.
    error: isOwn || row.error === null ? row.error : 'not shown: it concerns the other party',
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
  };
}
