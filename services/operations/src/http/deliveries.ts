import type { Api, Logger } from '@payfan/service';
import { z } from 'zod';
import { Timeline } from '../answers.ts';
import type { ChannelUrls } from '../channels.ts';
import { deliveriesOf } from '../deliveries.ts';
import { assertVisible, type Asked } from '../visible.ts';

export interface DeliveryRoutesOptions {
  transactionUrl: string;
  payoutUrl: string;
  channels: ChannelUrls;
  logger: Logger;
}

const PROBLEMS = [
  { status: 403, code: 'forbidden' },
  { status: 404, code: 'not_found' },
  { status: 503, code: 'temporarily_unavailable' },
];

/** Who was told of a transfer or a payout, on which channel, and how it went. */
export function deliveryRoutes(
  api: Api,
  { transactionUrl, payoutUrl, channels, logger }: DeliveryRoutesOptions,
): void {
  const timelineOf = async (asked: Asked, authorization = '') => {
    await assertVisible(asked, authorization);
    return {
      status: 200 as const,
      body: await deliveriesOf({ urls: channels, authorization, logger }, asked),
    };
  };
  api.route(
    {
      method: 'get',
      path: '/v1/transfers/{id}/deliveries',
      summary: 'How payer and payee were told of a transfer',
      description:
        "For a party to the transfer (the other side's addresses are masked) or the operator. Deliveries appear as " +
        'channels take them up, within milliseconds of the transfer. Of a transfer of a payout its payee alone is ' +
        'told, and the owner of the payout may see how.',
      auth: 'required',
      params: z.strictObject({ id: z.string().max(64) }),
      responses: {
        200: { description: 'One row for each channel and side', schema: Timeline },
      },
      problems: PROBLEMS,
    },
    ({ params, request }) =>
      timelineOf({ kind: 'transfer', id: params.id, at: transactionUrl }, request.headers.authorization),
  );
  api.route(
    {
      method: 'get',
      path: '/v1/payouts/{id}/deliveries',
      summary: 'How the owner of a payout was told that it is finished',
      description:
        'For its owner or the operator. Empty until the payout is finished. How a payee was told of one line is ' +
        'at `/v1/transfers/{id}/deliveries`, with the `transferId` of the line (`/v1/payouts/{id}/items` of payout).',
      auth: 'required',
      params: z.strictObject({ id: z.string().max(64) }),
      responses: { 200: { description: 'One row for each channel', schema: Timeline } },
      problems: PROBLEMS,
    },
    ({ params, request }) =>
      timelineOf({ kind: 'payout', id: params.id, at: payoutUrl }, request.headers.authorization),
  );
}
