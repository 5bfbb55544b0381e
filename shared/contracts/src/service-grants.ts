import { z } from 'zod';
import { covers, isOfAccounts } from './live-protocol.ts';
import { TopicPattern } from './live.ts';

/** Grants for routes that no account may use. */
export const ROUTE_GRANTS = [
  // POST /v1/transfers/batch of transaction: make the transfers of payouts.
  'batch',
  // POST /v1/feeds/read of push: read the feed of every account.
  'feeds',
  // GET /v1/deliveries of a channel: read all deliveries.
  'deliveries',
  // GET /v1/payouts/{id}/owner of payout: ask which account owns a payout.
  'payout-owners',
  // POST /v1/tokens of transaction: name the address of the client whose key is exchanged.
  'client-address',
] as const;
export type RouteGrant = (typeof ROUTE_GRANTS)[number];

/** What a service may do with a topic, or with all topics of a pattern. */
export type TopicAction = 'follow' | 'publish';
const TOPIC_GRANT = /^(follow|publish):(.*)$/s;

/** Every form of a grant, for errors about a wrong one. */
export const GRANT_FORMS = [...ROUTE_GRANTS, 'follow:<topic or pattern>', 'publish:<topic or pattern>'].join(
  ', ',
);

/** One grant, such as `feeds` or `follow:orders.*`. */
export const ServiceGrant = z.string().refine((text) => {
  const [, action, pattern] = TOPIC_GRANT.exec(text) ?? [];
  if (pattern === undefined) return ROUTE_GRANTS.some((grant) => grant === text);
  return TopicPattern.safeParse(pattern).success && !(action === 'publish' && isOfAccounts(pattern));
});

/** Whether these grants allow an action on a topic, or on every topic of a pattern. */
export function grantsTopic(grants: readonly string[], action: TopicAction, topic: string): boolean {
  return grants.some((grant) => {
    const [, granted, pattern = ''] = TOPIC_GRANT.exec(grant) ?? [];
    return granted === action && covers(pattern, topic);
  });
}
