/** An AMQP method frame on the connection itself, as the broker would send it. */
function frameOnChannel0(method: Buffer): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(method.length, 3);
  return Buffer.concat([header, method, Buffer.from([0xce])]);
}

/** `connection.blocked` (10.60): the broker is short of memory, and takes no messages. */
export const BLOCKED = frameOnChannel0(Buffer.from([0, 10, 0, 60, 10, ...Buffer.from('low memory')]));
/** `connection.unblocked` (10.61): it takes them again. */
export const UNBLOCKED = frameOnChannel0(Buffer.from([0, 10, 0, 61]));
