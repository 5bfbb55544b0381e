import { TRANSPORTS, type Transport } from '../protocol.ts';

/**
 * What a transport cost so far. Of headers only those that a page can see are counted, so the truth is more;
 * it is so for all transports.
 */
export interface Traffic {
  /** HTTP requests; the handshake of a WebSocket is one. */
  requests: number;
  sentBytes: number;
  receivedBytes: number;
  events: number;
}

export type TrafficByTransport = Record<Transport, Traffic>;

const encoder = new TextEncoder();
export const bytesOf = (text: string): number => encoder.encode(text).length;

/** Of a WebSocket frame: https://www.rfc-editor.org/rfc/rfc6455#section-5.2; a client's are masked. */
export function frameBytes(payloadBytes: number, isMasked: boolean): number {
  const lengthBytes = payloadBytes < 126 ? 0 : payloadBytes <= 0xffff ? 2 : 8;
  return 2 + lengthBytes + (isMasked ? 4 : 0) + payloadBytes;
}

/** `GET /path HTTP/1.1`, and each header with its colon and line end, and the empty line. */
export function requestBytes({ pathname, search }: URL, headers: Record<string, string>): number {
  return bytesOf(`GET ${pathname}${search} HTTP/1.1\r\n`) + headerBytes(Object.entries(headers));
}

export function headerBytes(headers: Iterable<[string, string]>): number {
  let bytes = 2;
  for (const [name, value] of headers) bytes += bytesOf(name) + bytesOf(value) + 4;
  return bytes;
}

export function noTraffic(): TrafficByTransport {
  const none = () => ({ requests: 0, sentBytes: 0, receivedBytes: 0, events: 0 });
  return Object.fromEntries(TRANSPORTS.map((transport) => [transport, none()])) as TrafficByTransport;
}
