import { Problem } from './problem.ts';
import type { Principal } from './token.ts';
import type { RouteGrant } from '@payfan/contracts';

/** For routes that only services with this grant may use. Throws a 403 problem for any other principal. */
export function assertGranted(principal: Principal, grant: RouteGrant): void {
  if (principal.kind === 'service' && principal.grants.includes(grant)) return;
  throw forbidden(principal, grant);
}

/** Like `assertGranted`, for routes that operators may use too. */
export function assertOperatorOrGranted(principal: Principal, grant: RouteGrant): void {
  if (principal.kind !== 'operator') assertGranted(principal, grant);
}

function forbidden(principal: Principal, grant: RouteGrant): Problem {
  const detail =
    principal.kind === 'service'
      ? `The service ${principal.name} lacks the grant ${grant}: add it to SERVICE_GRANTS of the transaction service.`
      : `This needs the key of a service that has the grant ${grant}.`;
  return new Problem({ status: 403, code: 'forbidden', detail });
}
