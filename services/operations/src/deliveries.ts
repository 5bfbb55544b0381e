import { DeliveryList } from '@payfan/contracts';
import type { Timeline } from './answers.ts';
import { askEach, type Channels } from './channels.ts';

/** Asks every channel for its deliveries of a transfer. */
export async function deliveriesOf(channels: Channels, transferId: string): Promise<Timeline> {
  const path = `/v1/deliveries?transferId=${encodeURIComponent(transferId)}`;
  const { answers, unavailable } = await askEach(channels, (channel) => channel.get(path, DeliveryList));
  return { data: [...answers.values()].flatMap(({ data }) => data), unavailable };
}
