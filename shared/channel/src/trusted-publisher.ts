import { brokerUserName, publisherOf, type ParsedEvent } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';

/**
 * Why a message is not to be trusted, or undefined if it may be. An event comes from the service that alone publishes such
 * events, or is a copy of the channel's own: one to try again later, or a replay. The broker has verified the name.
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
