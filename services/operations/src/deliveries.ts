import { DeliveryList, type Delivery } from '@payfan/contracts';
import type { Logger } from '@payfan/service';
import { getAs } from './transaction-client.ts';

/** What the channels tell of one transfer, and which of them could not be asked. */
export interface Timeline {
  data: Delivery[];
  unavailable: string[];
}

/**
 * Asks every channel for its deliveries of a transfer, as the caller: a channel shows what the caller may
 * see. One that is down costs its own rows, not the others'.
 */
export async function deliveriesOf(
  channels: ReadonlyMap<string, string>,
  transferId: string,
  authorization: string,
  logger: Logger,
): Promise<Timeline> {
  const answers = await Promise.all(
    [...channels].map(async ([channel, baseUrl]) => {
      try {
        return { channel, deliveries: await askChannel(baseUrl, transferId, authorization) };
      } catch (error) {
        logger.warn({ channel, err: error }, 'channel not asked: it does not answer');
        return { channel, deliveries: undefined };
      }
    }),
  );
  return {
    data: answers.flatMap(({ deliveries }) => deliveries ?? []),
    unavailable: answers.flatMap(({ channel, deliveries }) => (deliveries === undefined ? [channel] : [])),
  };
}

async function askChannel(baseUrl: string, transferId: string, authorization: string): Promise<Delivery[]> {
  const url = new URL(`/v1/deliveries?transferId=${encodeURIComponent(transferId)}`, baseUrl);
  const response = await getAs(authorization, url);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`GET ${url.href} answered ${response.status}`);
  }
  return DeliveryList.parse(await response.json()).data;
}
