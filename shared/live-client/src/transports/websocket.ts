import { BEARER_PROTOCOL_PREFIX, LIVE_PROTOCOL, readFrame, type Said } from '../protocol.ts';
import { bytesOf, frameBytes, requestBytes, type Traffic } from './traffic.ts';
import { addressOf, type GetToken, type LinkEvents, type OpenLink, type OpenTransport } from './transport.ts';

/** What we need of the standard WebSocket: the browser's own has it, and so has that of `ws`. */
interface WebSocketLike {
  readonly protocol: string;
  readonly readyState: number;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  send: (data: string) => void;
  close: (code?: number, reason?: string) => void;
}
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface WebSocketTransportOptions {
  url: string;
  getToken: GetToken;
  /** Asked for when it is needed: a page that is rendered on a server has none. */
  constructorOf: () => WebSocketConstructor;
  traffic: Traffic;
}

const OPEN = 1;
const NORMAL = 1000;

/** The address of a gateway's socket: `wss:` for `https:`. */
function socketAddress(base: string): URL {
  const address = addressOf(base, 'v1/live');
  address.protocol = address.protocol.replace('http', 'ws');
  return address;
}

export function webSocketTransport(options: WebSocketTransportOptions): OpenTransport {
  return ({ renew }, events) => new WebSocketLink(options, events, renew);
}

class WebSocketLink implements OpenLink {
  readonly #options: WebSocketTransportOptions;
  readonly #events: LinkEvents;
  #socket: WebSocketLike | undefined;
  #isOver = false;

  constructor(options: WebSocketTransportOptions, events: LinkEvents, renew: boolean) {
    this.#options = options;
    this.#events = events;
    void options.getToken({ renew }).then(
      (token) => this.#connect(token),
      () => this.#end({ tokenFailed: true }),
    );
  }

  send(frame: object): void {
    if (this.#isOver || this.#socket?.readyState !== OPEN) return;
    const text = JSON.stringify(frame);
    this.#options.traffic.sentBytes += frameBytes(bytesOf(text), true);
    this.#socket.send(text);
  }

  close(): void {
    this.#isOver = true;
    this.#letGo();
  }

  #connect(token: string): void {
    if (this.#isOver) return;
    const { url, traffic } = this.#options;
    const address = socketAddress(url);
    const protocols = [LIVE_PROTOCOL, `${BEARER_PROTOCOL_PREFIX}${token}`];
    traffic.requests += 1;
    traffic.sentBytes += requestBytes(address, { 'sec-websocket-protocol': protocols.join(', ') });
    let socket: WebSocketLike;
    try {
      socket = new (this.#options.constructorOf())(address.href, protocols);
    } catch {
      // There is none here, or it finds fault with the token.
      this.#end({});
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      // Whoever answers without our protocol is not a gateway.
      if (socket.protocol === LIVE_PROTOCOL) this.#events.opened();
      else this.#end({});
    };
    socket.onmessage = ({ data }: { data: unknown }) => this.#take(data);
    socket.onclose = ({ code }: { code: number }) => this.#end({ code });
    // A close follows, and tells more.
    socket.onerror = () => undefined;
  }

  #take(data: unknown): void {
    const { traffic } = this.#options;
    let said: Said[];
    try {
      if (typeof data !== 'string') throw new TypeError('not a text frame');
      traffic.receivedBytes += frameBytes(bytesOf(data), false);
      said = readFrame(data);
    } catch {
      this.#end({});
      return;
    }
    traffic.events += said.filter(({ t }) => t === 'event').length;
    this.#events.said(said);
  }

  #end(how: { code?: number; tokenFailed?: boolean }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#letGo();
    this.#events.closed(how);
  }

  #letGo(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Closed before it was open, some call it an error.
    socket.onerror = () => undefined;
    socket.close(NORMAL);
  }
}
