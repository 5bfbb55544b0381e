import { ATTEMPT_HEADER, ROUTING_KEY_HEADER } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';

type Headers = Incoming['headers'];

/** From our own header; anything else there counts as none. */
export function earlierAttempts(headers: Headers): number {
  const value = headers[ATTEMPT_HEADER];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** The key under which the message was first published. */
export function firstRoutingKey({ headers, routingKey }: Pick<Incoming, 'headers' | 'routingKey'>): string {
  const value = headers[ROUTING_KEY_HEADER];
  return typeof value === 'string' ? value : routingKey;
}

/** The headers that are ours to pass on; the broker's own (`x-death` and its like) belong to one journey. */
export function ownHeaders(headers: Headers): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name of ['traceparent', ROUTING_KEY_HEADER]) {
    const value = headers[name];
    if (typeof value === 'string') own[name] = value;
  }
  return own;
}
