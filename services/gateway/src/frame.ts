/** First byte of the only text frames that we send: final, no extension, opcode 1 (RFC 6455, 5.2). */
const FINAL_TEXT = 0x81;
const LENGTH_OF_16_BITS = 126;
const LENGTH_OF_64_BITS = 127;

/**
 * A WebSocket text frame as a server sends it, unmasked. Made once, it goes to any number of sockets as it is;
 * a library that frames for each socket anew costs half as much again.
 *
 * @param body UTF-8
 */
export function frameOf(body: Buffer): Buffer {
  const header = headerOf(body.length);
  return Buffer.concat([header, body], header.length + body.length);
}

function headerOf(length: number): Buffer {
  if (length < LENGTH_OF_16_BITS) return Buffer.from([FINAL_TEXT, length]);
  if (length <= 0xffff) return Buffer.from([FINAL_TEXT, LENGTH_OF_16_BITS, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = FINAL_TEXT;
  header[1] = LENGTH_OF_64_BITS;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
