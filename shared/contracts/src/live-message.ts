import { LIVE_HEADERS, liveExchangeOf, shardKey, shardOf } from './live-protocol.ts';
import type { LiveEvent } from './live.ts';

/**
 * An event as it is published for gateways: its body is the frame that clients get, and its headers are all that a
 * gateway reads.
 *
 * @param messageId of this message; the event's own where it is told once
 */
export function liveMessageOf(event: LiveEvent, messageId: string = event.id) {
  const { topic, seq } = event;
  return {
    exchange: liveExchangeOf(topic),
    routingKey: shardKey(shardOf(topic)),
    messageId,
    contentType: 'application/json',
    headers: { [LIVE_HEADERS.topic]: topic, ...(seq === undefined ? {} : { [LIVE_HEADERS.seq]: seq }) },
    transient: true,
    body: Buffer.from(JSON.stringify(event)),
  };
}
