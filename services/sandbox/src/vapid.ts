import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

const Header = z.object({ alg: z.literal('ES256') });
const Claims = z.object({
  aud: z.string(),
  exp: z.number(),
  sub: z.string().regex(/^(mailto:|https:\/\/)/),
});

/** RFC 8292, 2: no token lives longer than a day. */
const LONGEST_LIFE_SECONDS = 24 * 60 * 60;

export interface VapidOptions {
  /** Of the push service: what a token must be made for. */
  readonly origin: string;
  /** The key that the subscription was made for, as the browser was given it (base64url of 65 bytes). */
  readonly applicationServerKey: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Checks `Authorization: vapid t=<token>, k=<key>`: that the sender is the one for whom the subscription was
 * made (RFC 8292).
 *
 * @returns what is wrong with it, or undefined
 */
export function whatIsWrongWith(authorization: string, options: VapidOptions): string | undefined {
  const { origin, applicationServerKey, now } = options;
  const [, token, key] = /^vapid\s+t=([\w.-]+)\s*,\s*k=([\w-]+)$/i.exec(authorization) ?? [];
  if (token === undefined || key === undefined) return 'it is not of the form vapid t=…, k=…';
  if (key !== applicationServerKey) return 'the subscription was made for another key';
  const [header = '', claims = '', signature = ''] = token.split('.');
  if (!Header.safeParse(json(header)).success) return 'the token is not signed by ES256';
  const parsed = Claims.safeParse(json(claims));
  if (!parsed.success) return 'the token must have aud, exp, and a sub that is a mailto: or https: address';
  if (!isSignedBy(key, `${header}.${claims}`, signature)) return 'the signature is wrong';
  const { aud, exp } = parsed.data;
  if (aud !== origin) return `aud must be ${origin}`;
  if (exp * 1_000 <= now) return 'the token has expired';
  if (exp * 1_000 > now + LONGEST_LIFE_SECONDS * 1_000) return 'exp is more than 24 hours ahead';
  return undefined;
}

function json(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function isSignedBy(applicationServerKey: string, text: string, signature: string): boolean {
  const point = Buffer.from(applicationServerKey, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  if (x === undefined || y === undefined) return false;
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verify(
    'sha256',
    Buffer.from(text),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
}
