import { brokerUserName, publisherOf, type ParsedEvent } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';

/**
 * Why a message is not trusted; undefined if it is. A trusted event comes from the only service that publishes its type,
 * or from the channel itself, which publishes retries and replays. The broker has verified the user-id.
 */
export function distrustOf(
  channel: string,
  { userId }: Pick<Incoming, 'userId'>,
  parsed: ParsedEvent,
): string | undefined {
  const services = parsed.ok ? [publisherOf(parsed.event)] : (['transaction', 'payout'] as const);
  const trusted = [...services, channel].map(brokerUserName);
  if (userId !== undefined && trusted.includes(userId)) return undefined;
  const from = userId === undefined ? 'a publisher that gave no user-id' : `the RabbitMQ user ${userId}`;
  return `the message comes from ${from}, and may come from ${trusted.join(' or ')} only`;
}
