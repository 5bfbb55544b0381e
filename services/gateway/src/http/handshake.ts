import { BEARER_PROTOCOL_PREFIX, LIVE_PROTOCOL } from '@payfan/contracts';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a WebSocket handshake asks for. */
export interface Handshake {
  /** Whether it offers the protocol that we speak. */
  readonly offersProtocol: boolean;
  /** The key or token that it carries; undefined if none. */
  readonly bearer: string | undefined;
}

/** Browsers cannot set headers, so they offer their token as another protocol, beside ours. */
export function readHandshake({ headers }: Pick<IncomingMessage, 'headers'>): Handshake {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const inHeader = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const asProtocol = offered.find((protocol) => protocol.startsWith(BEARER_PROTOCOL_PREFIX));
  return {
    offersProtocol: offered.includes(LIVE_PROTOCOL),
    bearer: inHeader ?? asProtocol?.slice(BEARER_PROTOCOL_PREFIX.length),
  };
}

/** Answers a handshake that leads nowhere, in HTTP, and closes the connection. */
export function refuseHandshake(
  socket: Duplex,
  { status, code, detail, retryAfterSeconds }: HandshakeRefusal,
): void {
  const body = JSON.stringify({
    type: `urn:payfan:problem:${code}`,
    title: STATUS_CODES[status],
    status,
    detail,
    code,
  });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  // The server keeps its half open, and the client may keep its own for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

export interface HandshakeRefusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}
