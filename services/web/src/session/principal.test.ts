import { identityOf, principalOf } from './principal.ts';

const tokenOf = (claims: object) =>
  `eyJh.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

test.each([
  [
    { sub: 'a-1', role: 'account', tier: 'premium' },
    { kind: 'account', accountId: 'a-1', tier: 'premium' },
    'a-1',
  ],
  [{ sub: 'operator', role: 'operator' }, { kind: 'operator', name: 'operator' }, 'operator operator'],
  [{ sub: 'çà?>', role: 'service' }, { kind: 'service', name: 'çà?>' }, 'service çà?>'],
])('%j', (claims, principal, identity) => {
  const found = principalOf(tokenOf(claims));
  expect(found).toEqual(principal);
  expect(found && identityOf(found)).toBe(identity);
});

test.each(['', 'demo_asha', 'a.b.c', tokenOf({ role: 'account' }), tokenOf({ sub: 'x', role: 'king' })])(
  '%s names nobody',
  (token) => expect(principalOf(token)).toBeUndefined(),
);
