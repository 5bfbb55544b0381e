import { accountTopic, covers, isPattern, TopicPattern } from '@payfan/contracts';
import type { Principal } from '@payfan/service';

type Action = 'follow' | 'publish';

/** What one service may do, by patterns. */
interface Grant {
  readonly follow: readonly string[];
  readonly publish: readonly string[];
}

/** Topics that tell of somebody's money. */
const OF_ACCOUNTS = /^(account|payout)(\.|$)/;

/** By the service's name; whoever is not named may do everything but with what belongs to accounts. */
export type Grants = ReadonlyMap<string, Grant>;

/** `demo=public.*|follow:payout.*,payout=payout.*`: topics and patterns by name. Undefined if it cannot be read. */
export function parseGrants(list: string): Grants | undefined {
  const grants = new Map<string, Grant>();
  for (const item of list.split(',').map((text) => text.trim())) {
    if (item === '') continue;
    const at = item.indexOf('=');
    const name = item.slice(0, at);
    if (at < 1 || grants.has(name)) return undefined;
    const grant = parseGrant(item.slice(at + 1));
    if (grant === undefined) return undefined;
    grants.set(name, grant);
  }
  return grants;
}

function parseGrant(text: string): Grant | undefined {
  const grant = { follow: [] as string[], publish: [] as string[] };
  for (const part of text.split('|').filter((one) => one !== '')) {
    const [, action, pattern = ''] = /^(?:(follow|publish):)?(.*)$/.exec(part) ?? [];
    if (!TopicPattern.safeParse(pattern).success) return undefined;
    if (action !== 'publish') grant.follow.push(pattern);
    if (action !== 'follow') grant.publish.push(pattern);
  }
  return grant;
}

/**
 * Whether somebody may follow a topic or pattern: an account its own topic and what is public, an operator
 * everything, a service what it was granted, or without a grant what belongs to no account.
 */
export function mayFollow(principal: Principal, name: string, grants: Grants): boolean {
  switch (principal.kind) {
    case 'account':
      // A pattern would bind every shard, which is nothing for a crowd to do.
      return name === accountTopic(principal.accountId) || (name.startsWith('public.') && !isPattern(name));
    case 'operator':
      return true;
    case 'service':
      return isGranted(principal.name, 'follow', name, grants);
  }
}

/** Whether somebody may publish on a topic. Only push says what is in an account's feed. */
export function mayPublish(principal: Principal, topic: string, grants: Grants): boolean {
  if (principal.kind !== 'service' || topic === 'account' || topic.startsWith('account.')) return false;
  return isGranted(principal.name, 'publish', topic, grants);
}

function isGranted(service: string, action: Action, name: string, grants: Grants): boolean {
  const grant = grants.get(service);
  if (grant === undefined) return !OF_ACCOUNTS.test(name);
  return grant[action].some((pattern) => covers(pattern, name));
}
