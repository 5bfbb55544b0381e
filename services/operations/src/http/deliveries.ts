import type { Api, Logger } from '@payfan/service';
import { z } from 'zod';
import { Timeline } from '../answers.ts';
import type { ChannelUrls } from '../channels.ts';
import { deliveriesOf } from '../deliveries.ts';
import { assertVisible } from '../transaction-client.ts';

export interface DeliveryRoutesOptions {
  transactionUrl: string;
  channels: ChannelUrls;
  logger: Logger;
}

/** Who was told of a transfer, on which channel, and how it went. */
export function deliveryRoutes(api: Api, { transactionUrl, channels, logger }: DeliveryRoutesOptions): void {
  api.route(
    {
      method: 'get',
      path: '/v1/transfers/{id}/deliveries',
      summary: 'How payer and payee were told of a transfer',
      description:
        "For a party to the transfer (the other side's addresses are masked) or the operator. Deliveries appear as " +
        'channels take them up, within milliseconds of the transfer.',
      auth: 'required',
      params: z.strictObject({ id: z.string().max(64) }),
      responses: {
        200: { description: 'One row for each channel and side', schema: Timeline },
      },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 404, code: 'not_found' },
        { status: 503, code: 'temporarily_unavailable' },
      ],
    },
    async ({ params, request }) => {
      const authorization = request.headers.authorization ?? '';
      await assertVisible(transactionUrl, params.id, authorization);
      return { status: 200, body: await deliveriesOf({ urls: channels, authorization, logger }, params.id) };
    },
  );
}
