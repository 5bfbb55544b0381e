/**
 * What gateways and their clients agree on, without schemas: a browser takes these along, and zod stays at home.
 */

/** Transient updates of accounts for gateways, which push alone publishes: each under the shard of its topic. */
export const LIVE_EXCHANGE = 'live';
/** The same for all other topics, which gateways publish on behalf of back ends, and payout for its progress. */
export const LIVE_TOPICS_EXCHANGE = 'live.topics';
/**
 * A gateway binds the shards that its clients need. A binding for each account would be exact, and would take
 * the broker seconds to remove when a gateway leaves with tens of thousands of them.
 */
export const SHARDS = 256;

/** FNV-1a over the UTF-8 bytes, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/index.html */
export function shardOf(topic: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(topic)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % SHARDS;
}
/** `s.17`: the routing key of a shard. */
export const shardKey = (shard: number): string => `s.${shard}`;

/** AMQP headers of a message on `live`, so that a gateway passes it on without reading its body. */
export const LIVE_HEADERS = { topic: 'payfan-topic', seq: 'payfan-seq' } as const;

/** `account.<id>`: everything that concerns an account, from its feed. */
export const accountTopic = (accountId: string): string => `account.${accountId}`;
const ACCOUNT_TOPIC = /^account\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** The account whose feed a topic is; undefined for a topic without a log. */
export const accountOfTopic = (topic: string): string | undefined => ACCOUNT_TOPIC.exec(topic)?.[1];

/**
 * Whether a topic or a pattern belongs to accounts: all that begin with the word `account`. Their events come from
 * feeds, by `LIVE_EXCHANGE`, so no back end may publish there; those of any other topic come by `LIVE_TOPICS_EXCHANGE`.
 */
export const isOfAccounts = (name: string): boolean => name === 'account' || name.startsWith('account.');
/** The exchange that carries the events of a topic. */
export const liveExchangeOf = (topic: string): string =>
  isOfAccounts(topic) ? LIVE_EXCHANGE : LIVE_TOPICS_EXCHANGE;

/** `words.*`: all topics that begin so. */
export const isPattern = (name: string): boolean => name.endsWith('.*');
/** Whether what `name` stands for, a topic or a pattern, is among what `pattern` stands for. */
export const covers = (pattern: string, name: string): boolean =>
  pattern === name || (isPattern(pattern) && name.startsWith(pattern.slice(0, -1)));

/** Where a gateway takes WebSockets. */
export const LIVE_PATH = '/v1/live';
/** The largest frame that a client may send. */
export const MOST_FRAME_BYTES = 64 * 1024;

/** WebSocket subprotocol. A browser offers `bearer.<JWT>` beside it, which is never echoed. */
export const LIVE_PROTOCOL = 'payfan.v1.json';
export const BEARER_PROTOCOL_PREFIX = 'bearer.';

/** Close codes. 40xx: don't reconnect; 41xx: back off, then resume; 42xx: get a new token, then resume. */
export const CLOSE_CODES = {
  badToken: 4001,
  forbidden: 4003,
  tooManyConnections: 4009,
  slow: 4100,
  noPong: 4101,
  rate: 4102,
  tokenExpired: 4200,
} as const;

export const LIVE_ERROR_CODES = [
  'invalid_frame',
  'forbidden',
  'history_gone',
  'not_subscribed',
  'too_many_topics',
  'temporarily_unavailable',
  'unauthenticated',
] as const;
