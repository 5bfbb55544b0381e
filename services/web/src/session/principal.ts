/** Who a token was given to. */
export type Principal =
  | { kind: 'account'; accountId: string; tier: 'premium' | 'free' }
  | { kind: 'operator'; name: string }
  | { kind: 'service'; name: string };

/**
 * What a JWT says of its owner, for the page to know whom it shows what. Not verified: it came from the
 * transaction service just now, and every API verifies it by itself.
 */
export function principalOf(token: string): Principal | undefined {
  const claims = claimsOf(token);
  const { sub, role, tier } = claims;
  if (typeof sub !== 'string') return undefined;
  if (role === 'operator') return { kind: 'operator', name: sub };
  if (role === 'service') return { kind: 'service', name: sub };
  if (role === 'account') {
    return { kind: 'account', accountId: sub, tier: tier === 'premium' ? 'premium' : 'free' };
  }
  return undefined;
}

/** The same text for the same owner. */
export const identityOf = (principal: Principal): string =>
  principal.kind === 'account' ? principal.accountId : `${principal.kind} ${principal.name}`;

function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
