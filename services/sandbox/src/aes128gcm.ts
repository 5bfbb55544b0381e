import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';

/** What a browser keeps of a subscription: a P-256 key pair and a secret that it shares with the sender. */
export interface ReceiverKeys {
  /** 32 bytes. */
  readonly privateKey: Buffer;
  /** 65 bytes: an uncompressed point. */
  readonly publicKey: Buffer;
  /** 16 bytes. */
  readonly auth: Buffer;
}

const SALT_BYTES = 16;
const POINT_BYTES = 65;
const TAG_BYTES = 16;
/** Salt, record size, length of the key id, and the key id: the sender's public key. RFC 8188, 2.1. */
const HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES;
/** Follows the text of the last record; of any other it would be 1. RFC 8188, 2. */
const LAST_RECORD = 2;

/** Somebody sent what no browser could read. */
export class Undecipherable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Undecipherable';
  }
}

/**
 * Deciphers a push message as a browser does: RFC 8291, that is the content coding of RFC 8188 in a single
 * record, under a key that both sides derive.
 *
 * @throws {Undecipherable}
 */
export function decipher(body: Buffer, receiver: ReceiverKeys): Buffer {
  if (body.length < HEADER_BYTES + TAG_BYTES + 1) throw new Undecipherable('the message is too short');
  const salt = body.subarray(0, SALT_BYTES);
  const recordBytes = body.readUInt32BE(SALT_BYTES);
  const senderKey = body.subarray(HEADER_BYTES - POINT_BYTES, HEADER_BYTES);
  const record = body.subarray(HEADER_BYTES);
  if (body[SALT_BYTES + 4] !== POINT_BYTES) throw new Undecipherable('the key id is no public key');
  if (record.length > recordBytes) throw new Undecipherable('the message has more than one record');

  const material = keyMaterial(senderKey, receiver);
  const key = derive(material, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = derive(material, salt, 'Content-Encoding: nonce\0', 12);
  const padded = decipherRecord(record, key, nonce);
  // Zeros after the delimiter hide how long the text is.
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== LAST_RECORD) throw new Undecipherable('the last record is not marked as such');
  return padded.subarray(0, end);
}

/** RFC 8291, 3.3 and 3.4. */
function keyMaterial(senderKey: Buffer, { privateKey, publicKey, auth }: ReceiverKeys): Buffer {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  let secret: Buffer;
  try {
    secret = ecdh.computeSecret(senderKey);
  } catch {
    throw new Undecipherable('the sender’s public key is not on the curve');
  }
  return derive(secret, auth, Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, senderKey]), 32);
}

function derive(secret: Buffer, salt: Buffer, info: string | Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}

function decipherRecord(record: Buffer, key: Buffer, nonce: Buffer): Buffer {
  const decipherer = createDecipheriv('aes-128-gcm', key, nonce);
  decipherer.setAuthTag(record.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipherer.update(record.subarray(0, -TAG_BYTES)), decipherer.final()]);
  } catch {
    throw new Undecipherable('the message was enciphered for somebody else, or changed on the way');
  }
}
