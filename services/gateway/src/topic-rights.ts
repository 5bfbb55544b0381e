import { accountTopic, grantsTopic, isOfAccounts, isPattern } from '@payfan/contracts';
import type { Principal } from '@payfan/service';

/**
 * Whether a principal may follow a topic or pattern: an account its own topic and what is public, an operator
 * everything, a service what it was granted.
 */
export function mayFollow(principal: Principal, name: string): boolean {
  switch (principal.kind) {
    case 'account':
      // A pattern binds every shard, which costs the gateway too much for each of many accounts.
      return name === accountTopic(principal.accountId) || (name.startsWith('public.') && !isPattern(name));
    case 'operator':
      return true;
    case 'service':
      return grantsTopic(principal.grants, 'follow', name);
  }
}

/** Whether a principal may publish on a topic: a service what it was granted. Only push publishes for accounts. */
export function mayPublish(principal: Principal, topic: string): boolean {
  return (
    principal.kind === 'service' && !isOfAccounts(topic) && grantsTopic(principal.grants, 'publish', topic)
  );
}
