import { SignJWT, generateKeyPair, importJWK } from 'jose';
import {
  TOKEN_LIFETIME_SECONDS,
  createTokenIssuer,
  generateSigningKey,
  looksLikeToken,
  verifyToken,
} from './token.ts';
import type { JWK } from 'jose';
import type { Principal } from './token.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const now = () => NOW_MS;
const asha: Principal = { kind: 'account', accountId: 'a-1', tier: 'premium' };

async function fixture() {
  const key = await generateSigningKey();
  return { key, issuer: await createTokenIssuer(key, now) };
}

/** Signs what an issuer of ours would never say. */
async function forge(
  key: JWK,
  kid: string,
  claims: Record<string, unknown>,
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
): Promise<string> {
  const jwt = new SignJWT({ sub: 'a-1', role: 'account', tier: 'free', ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid })
    .setIssuer('payfan')
    .setAudience('payfan')
    .setIssuedAt(NOW_MS / 1_000)
    .setExpirationTime(NOW_MS / 1_000 + 60);
  return change(jwt).sign(await importJWK(key, 'EdDSA'));
}

test.each<Principal>([
  asha,
  { kind: 'account', accountId: 'a-2', tier: 'free' },
  { kind: 'operator', name: 'mira' },
  { kind: 'service', name: 'payout', grants: [] },
  { kind: 'service', name: 'gateway', grants: ['feeds', 'follow:orders.*'] },
])('what is issued for %j is verified as it', async (principal) => {
  const { issuer } = await fixture();
  const { token, expiresAt } = await issuer.issue(principal);
  expect(looksLikeToken(token)).toBe(true);
  expect(expiresAt).toBe('2026-01-01T00:15:00.000Z');
  expect(await verifyToken(token, issuer.jwks, now)).toEqual({
    principal,
    expiresAtMs: NOW_MS + TOKEN_LIFETIME_SECONDS * 1_000,
  });
});

test('publishes the public half only', async () => {
  const { issuer, key } = await fixture();
  expect(issuer.jwks.keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', x: key.x, kid: expect.any(String) as string, alg: 'EdDSA', use: 'sig' },
  ]);
});

test('the key id is a property of the key, so that instances agree on it', async () => {
  const { issuer, key } = await fixture();
  expect((await createTokenIssuer(key)).jwks).toEqual(issuer.jwks);
});

test('refuses a signing key of another kind', async () => {
  const { key } = await fixture();
  const { d: _private, ...publicOnly } = key;
  await expect(createTokenIssuer(publicOnly)).rejects.toThrow('must be a private Ed25519 JWK');
  await expect(createTokenIssuer({ kty: 'oct', k: 'AAAA' })).rejects.toThrow('must be a private Ed25519 JWK');
});

test('ends when it says', async () => {
  const { issuer } = await fixture();
  const { token } = await issuer.issue(asha);
  const at = (seconds: number) => () => NOW_MS + seconds * 1_000;
  expect(await verifyToken(token, issuer.jwks, at(TOKEN_LIFETIME_SECONDS - 1))).toBeDefined();
  expect(await verifyToken(token, issuer.jwks, at(TOKEN_LIFETIME_SECONDS))).toBeUndefined();
});

test('does not trust another key, even under our key id', async () => {
  const { issuer } = await fixture();
  const stranger = await generateSigningKey();
  const kid = issuer.jwks.keys[0]!.kid!;
  expect(await verifyToken(await forge(stranger, kid, {}), issuer.jwks, now)).toBeUndefined();
  expect(await verifyToken(await forge(stranger, 'other', {}), issuer.jwks, now)).toBeUndefined();
});

const asItIs = (jwt: SignJWT) => jwt;

test.each<[string, Record<string, unknown>, (jwt: SignJWT) => SignJWT]>([
  ['another issuer', {}, (jwt) => jwt.setIssuer('evil')],
  ['another audience', {}, (jwt) => jwt.setAudience('other')],
  ['no subject', { sub: undefined }, asItIs],
  ['an empty subject', { sub: '' }, asItIs],
  ['no role', { role: undefined }, asItIs],
  ['an unknown role', { role: 'root' }, asItIs],
  ['an account without a tier', { tier: undefined }, asItIs],
  ['an unknown tier', { tier: 'gold' }, asItIs],
  ['a service without grants', { role: 'service' }, asItIs],
  ['grants that are no list', { role: 'service', grants: 'feeds' }, asItIs],
  ['a grant that is no text', { role: 'service', grants: [{ feeds: true }] }, asItIs],
])('does not trust %s, although the signature is ours', async (_what, claims, change) => {
  const { issuer, key } = await fixture();
  const kid = issuer.jwks.keys[0]!.kid!;
  expect(await verifyToken(await forge(key, kid, {}), issuer.jwks, now)).toBeDefined();
  expect(await verifyToken(await forge(key, kid, claims, change), issuer.jwks, now)).toBeUndefined();
});

test('does not trust another algorithm, nor none', async () => {
  const { issuer } = await fixture();
  const { privateKey } = await generateKeyPair('ES256');
  const es256 = await new SignJWT({ sub: 'operator', role: 'operator' })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  const hs256 = await new SignJWT({ sub: 'operator', role: 'operator' })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(issuer.jwks.keys[0]!.x!, 'base64url'));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const none = `${part({ alg: 'none' })}.${part({ sub: 'operator', role: 'operator' })}.`;
  for (const token of [es256, hs256, none, `${none}x`]) {
    expect(await verifyToken(token, issuer.jwks, now)).toBeUndefined();
  }
});

test.each([
  '',
  'demo_asha',
  'eyJ',
  'eyJ.x.y',
  'eyJhbGciOiJFZERTQSJ9.x.y',
  `eyJhbGciOiJFZERTQSJ9.${'x'.repeat(5_000)}.y`,
])('does not trust rubbish: %s', async (token) => {
  const { issuer } = await fixture();
  expect(await verifyToken(token, issuer.jwks, now)).toBeUndefined();
});

test('a key set that cannot be had is not the fault of the token', async () => {
  const { issuer } = await fixture();
  const { token } = await issuer.issue(asha);
  await expect(verifyToken(token, () => Promise.reject(new TypeError('fetch failed')), now)).rejects.toThrow(
    'fetch failed',
  );
});
