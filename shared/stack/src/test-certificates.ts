import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import path from 'node:path';
import { giveTo, type User } from './users.ts';

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface CertificateOptions {
  /** DNS names and IPv4 addresses of the server. */
  readonly hosts: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certification authority of a test's own, which no program trusts unless it is given its certificate. */
export interface TestAuthority {
  /** What clients must trust, as PEM. */
  readonly certificate: string;
  issue(options: CertificateOptions): KeyPair;
}

const DAY_MS = 86_400_000;

/** Makes an authority, valid from yesterday until tomorrow, as are the certificates that it issues by default. */
export function testAuthority(name = 'Payfan test CA'): TestAuthority {
  const own = newKeys();
  const usual = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const certificate = certify({ ...usual, subject: name, issuer: name, spki: own.spki, signedBy: own.key }, [
    extension(OID.basicConstraints, sequence(BOOLEAN_TRUE), 'critical'),
  ]);
  return {
    certificate,
    issue({ hosts, ...validity }) {
      const keys = newKeys();
      const subject = hosts[0] ?? 'nowhere';
      const options = {
        ...usual,
        ...validity,
        subject,
        issuer: name,
        spki: keys.spki,
        signedBy: own.key,
      };
      const names = hosts.map((host) =>
        isIPv4(host) ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host)),
      );
      return {
        certificate: certify(options, [extension(OID.subjectAltName, sequence(...names))]),
        key: keys.key,
      };
    },
  };
}

/** Writes `tls.crt` and `tls.key` for a server; the key is readable for this user alone, as servers insist. */
export function writeKeyPair({ certificate, key }: KeyPair, folder: string, user?: User): void {
  const [certFile, keyFile] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  writeFileSync(certFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  giveTo(user, certFile, keyFile);
}

/** Contents of DER object identifiers. */
const OID = {
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
  ecdsaWithSha256: '2a8648ce3d040302',
};

function newKeys(): { key: string; spki: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    spki: publicKey.export({ format: 'der', type: 'spki' }),
  };
}

interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  /** The issuer's key, as PEM. */
  readonly signedBy: string;
}

/** An X.509 version 3 certificate (RFC 5280, 4.1) as PEM. */
function certify(
  { subject, issuer, notBefore, notAfter, spki, signedBy }: Certificate,
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, serial),
    algorithm,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    spki,
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, createPrivateKey(signedBy));
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** One element of DER: tag, length, value (ITU-T X.690, 8.1). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const header =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), value]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const BOOLEAN_TRUE = tlv(0x01, Buffer.of(255));

function nameOf(commonName: string): Buffer {
  const attribute = sequence(oid(OID.commonName), tlv(0x0c, Buffer.from(commonName)));
  return sequence(tlv(0x31, attribute));
}

/** UTCTime, which serves until 2049. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tlv(0x17, Buffer.from(digits.slice(2)));
}

function extension(id: string, value: Buffer, critical?: 'critical'): Buffer {
  return sequence(oid(id), ...(critical === undefined ? [] : [BOOLEAN_TRUE]), tlv(0x04, value));
}
