import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientFrame, LiveEvent } from '../protocol.ts';
import { eventOf } from './simulated-world.ts';

/** A client's socket, as a test sees it. */
export interface Socket {
  ws: WebSocket;
  /** The second subprotocol that was offered. */
  bearer: string | undefined;
  frames: ClientFrame[];
  followed: Set<string>;
  /** Answers are kept back. */
  isMute: boolean;
}

interface Log {
  first: number;
  head: number;
}

/** What becomes of an event on its way to a socket. */
type Fate = 'tell' | 'drop' | 'repeat';

/**
 * The far end of the wire, as its contract has it: the three ways to follow a log that a test writes. It does
 * whatever a test wants a network or a gateway to do.
 */
export class ScriptedGateway {
  url = '';
  /** Those that are open. */
  readonly sockets: Socket[] = [];
  readonly streams: ServerResponse[] = [];
  readonly requests: IncomingMessage[] = [];
  /** Handshakes seen. */
  upgrades = 0;
  /** As a proxy would that lets none through. */
  blocksUpgrades = false;
  /** As a proxy would that keeps answers until they end. */
  keepsStreams = false;
  /** Another answer than the right one. */
  answerWith: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  fate: (event: LiveEvent) => Fate = () => 'tell';
  readonly #http: Server;
  readonly #ws: WebSocketServer;
  readonly #logs = new Map<string, Log>();
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#http = createServer((request, response) => void this.#onRequest(request, response));
    this.#ws = new WebSocketServer({ noServer: true, handleProtocols: () => 'payfan.v1.json' });
    this.#http.on('upgrade', (request, socket, head) => {
      this.upgrades += 1;
      if (this.blocksUpgrades) {
        socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#ws.handleUpgrade(request, socket, head, (ws) => this.#onSocket(ws, request));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const { ws } of this.sockets) ws.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (log === undefined) this.#logs.set(topic, (log = { first: 1, head: 0 }));
    return log;
  }

  /** One more event on a topic, for all who follow it. */
  append(topic: string): void {
    const log = this.log(topic);
    log.head += 1;
    const event = eventOf(topic, log.head);
    const fate = this.fate(event);
    if (fate === 'drop') return;
    const text = JSON.stringify(event);
    for (const { ws, followed } of this.sockets) {
      if (!followed.has(topic)) continue;
      ws.send(text);
      if (fate === 'repeat') ws.send(text);
    }
    for (const stream of this.streams) {
      if (stream.req.url?.includes(topic) === true) stream.write(`id: ${log.head}\ndata: ${text}\n\n`);
    }
    for (const wake of this.#waiting) wake();
  }

  say(socket: Socket, frame: object): void {
    socket.ws.send(JSON.stringify(frame));
  }

  #onSocket(ws: WebSocket, { headers }: IncomingMessage): void {
    const offered = headers['sec-websocket-protocol']?.split(/, ?/) ?? [];
    const socket: Socket = { ws, bearer: offered[1], frames: [], followed: new Set(), isMute: false };
    this.sockets.push(socket);
    ws.on('close', () => this.sockets.splice(this.sockets.indexOf(socket), 1));
    ws.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as ClientFrame;
      socket.frames.push(frame);
      if (!socket.isMute) this.#answer(socket, frame);
    });
  }

  #answer(socket: Socket, frame: ClientFrame): void {
    if (frame.t === 'unsubscribe') socket.followed.delete(frame.topic);
    if (frame.t !== 'subscribe') {
      this.say(socket, { re: frame.id, ok: true });
      return;
    }
    const { first, head } = this.log(frame.topic);
    socket.followed.add(frame.topic);
    const after = frame.after ?? head;
    if (after + 1 < first) {
      const error = { code: 'history_gone', retryable: false, snapshot: '/v1/accounts/me/entries' };
      this.say(socket, { re: frame.id, ok: false, seq: head, error });
      return;
    }
    this.say(socket, { re: frame.id, ok: true, seq: head });
    const events = this.#events(frame.topic, after);
    if (events.length > 0) this.say(socket, events);
  }

  #events(topic: string, after: number): LiveEvent[] {
    const { head } = this.log(topic);
    return Array.from({ length: Math.max(0, head - after) }, (_, index) => eventOf(topic, after + index + 1));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(request);
    if (this.answerWith?.(request, response) === true) return;
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const topic = searchParams.get('topic') ?? '';
    if (pathname === '/v1/stream') this.#stream(topic, request, response);
    else if (pathname === '/v1/events') await this.#poll(topic, searchParams, response);
    else response.writeHead(404).end();
  }

  #stream(topic: string, { headers }: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    if (this.keepsStreams) return;
    const after = Number(headers['last-event-id'] ?? this.log(topic).head);
    response.write('retry: 2000\n\n');
    for (const event of this.#events(topic, after)) {
      response.write(`id: ${event.seq ?? ''}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    this.streams.push(response);
    response.on('close', () => this.streams.splice(this.streams.indexOf(response), 1));
  }

  async #poll(topic: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const after = Number(query.get('after') ?? 0);
    const limit = Number(query.get('limit') ?? 100);
    const { first, head } = this.log(topic);
    if (after + 1 < first || after > head) {
      const problem = { code: 'history_gone', snapshot: '/v1/accounts/me/entries', seq: head };
      response.writeHead(410, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return;
    }
    if (head === after && query.get('wait') !== '0') {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        response.on('close', wake);
      });
    }
    const data = this.#events(topic, after).slice(0, limit);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data, next: data.at(-1)?.seq ?? after }));
  }
}
