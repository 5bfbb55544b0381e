import { DeliveryList } from '@payfan/contracts';
import type { Timeline } from './answers.ts';
import { askEach, type Channels } from './channels.ts';

/** Asks every channel for its deliveries of a transfer, or of a payout as a whole. */
export async function deliveriesOf(
  channels: Channels,
  { kind, id }: { kind: 'transfer' | 'payout'; id: string },
): Promise<Timeline> {
  const path = `/v1/deliveries?${kind}Id=${encodeURIComponent(id)}`;
  const { answers, unavailable } = await askEach(channels, (channel) => channel.get(path, DeliveryList));
  return { data: [...answers.values()].flatMap(({ data }) => data), unavailable };
}
