import { CLOSE_CODES, LIVE_PATH, LIVE_PROTOCOL, MOST_FRAME_BYTES } from '@payfan/contracts';
import {
  clientAddress,
  networkOf,
  Problem,
  type Caller,
  type Health,
  type VerifiedToken,
} from '@payfan/service';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { Connection, SERVICE_RESTART, type Surroundings } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { Seats } from '../seats.ts';
import { readHandshake, refuseHandshake, type HandshakeRefusal } from './handshake.ts';

/** Handshakes that any address may try within a second: its connections are counted by themselves. */
const FEWEST_TRIES = 50;

export interface WebSocketDoorOptions {
  readonly around: Surroundings;
  readonly connections: Connections;
  readonly seats: Seats;
  readonly health: Pick<Health, 'draining'>;
  /** Exact: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: number;
  /** Handshakes under way, and begun within a second. */
  readonly handshakesMax: number;
}

/** Takes WebSocket handshakes. Whoever may not come in is told before the upgrade where that is heard, else by a close code. */
export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // 77 → 497 MB for what gains nothing on messages of 400 bytes.
    perMessageDeflate: false,
    maxPayload: MOST_FRAME_BYTES,
    handleProtocols: () => LIVE_PROTOCOL,
  });
  #underWay = 0;
  #second = 0;
  #inSecond = 0;
  readonly #byNetwork = new Map<string, number>();

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#origins = new Set(options.allowedOrigins);
  }

  /** For the server's `upgrade` event. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until `ws` has it, an error of the socket has nobody else to go to.
    socket.on('error', () => undefined);
    const refused = this.#refusal(request);
    if (refused !== undefined) {
      this.#options.around.metrics.refused.inc({ why: refused.code });
      refuseHandshake(socket, refused);
      return;
    }
    this.#underWay += 1;
    void this.#letIn(request, socket, head)
      .catch((error: unknown) => this.#fail(socket, error))
      .finally(() => (this.#underWay -= 1));
  };

  /** What speaks against a handshake, before anybody is asked who it comes from. */
  #refusal(request: IncomingMessage): HandshakeRefusal | undefined {
    const { health } = this.#options;
    if (request.url?.split('?')[0] !== LIVE_PATH) {
      return { status: 404, code: 'not_found', detail: `WebSockets are at ${LIVE_PATH}.` };
    }
    const { origin } = request.headers;
    // Whoever sends none is no browser, and has no user to betray.
    if (origin !== undefined && !this.#origins.has(origin)) {
      return { status: 403, code: 'forbidden', detail: 'Pages of this origin may not connect.' };
    }
    if (health.draining) {
      return { status: 503, code: 'draining', detail: 'This gateway stops.', retryAfterSeconds: 1 };
    }
    if (!readHandshake(request).offersProtocol) {
      return { status: 400, code: 'invalid_request', detail: `Offer the subprotocol ${LIVE_PROTOCOL}.` };
    }
    if (!this.#hasRoom(networkOf(clientAddress(request, this.#options.trustedProxies)))) {
      const retryAfterSeconds = 1 + Math.floor(Math.random() * 5);
      return { status: 503, code: 'overloaded', detail: 'Too many connect at once.', retryAfterSeconds };
    }
    return undefined;
  }

  /** An address that may hold so many connections may try as often in a second, and takes no more from the others. */
  #hasRoom(network: string): boolean {
    const { handshakesMax, seats } = this.#options;
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
      this.#byNetwork.clear();
    }
    const tried = (this.#byNetwork.get(network) ?? 0) + 1;
    this.#byNetwork.set(network, tried);
    if (tried > Math.max(seats.perAddress, FEWEST_TRIES)) return false;
    this.#inSecond += 1;
    return this.#underWay < handshakesMax && this.#inSecond <= handshakesMax;
  }

  async #letIn(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { around, seats, trustedProxies } = this.#options;
    const { bearer } = readHandshake(request);
    const caller = { address: clientAddress(request, trustedProxies) };
    const verified = bearer === undefined ? undefined : await around.verify(bearer, caller);
    if (socket.destroyed) return;
    // A browser is not shown the status of a handshake, but it is shown the code of a close.
    const ws = await this.#upgrade(request, socket, head);
    if (verified === undefined) {
      around.metrics.unauthenticated.inc();
      around.logger.warn(
        { clientIp: caller.address, method: 'GET', route: LIVE_PATH },
        'no valid key or token',
      );
      this.#turnAway(ws, CLOSE_CODES.badToken, 'the key or token is not valid, or has expired');
      return;
    }
    const giveBack = seats.take(verified.principal, caller.address);
    if (giveBack === undefined) this.#turnAway(ws, CLOSE_CODES.tooManyConnections, 'too many connections');
    else this.#open(ws, socket, verified, caller, giveBack);
  }

  #open(ws: WebSocket, socket: Duplex, verified: VerifiedToken, caller: Caller, giveBack: () => void): void {
    const { around, connections } = this.#options;
    const connection = new Connection(ws, socket, verified, {
      ...around,
      verify: (bearer) => around.verify(bearer, caller),
    });
    const remove = connections.add({
      kind: connection.kind,
      lookAfter: (nowMs) => connection.lookAfter(nowMs),
      askToLeave: (afterMs) => connection.askToLeave(afterMs),
      sendAway: () => connection.close(SERVICE_RESTART, 'this gateway stops'),
      cut: () => ws.terminate(),
    });
    ws.once('close', () => {
      remove();
      giveBack();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      // A handshake that `ws` refuses ends with the socket, and is answered by `ws`.
      socket.once('close', () => reject(new HandshakeOver()));
      this.#server.handleUpgrade(request, socket, head, resolve);
    });
  }

  #turnAway(ws: WebSocket, code: number, reason: string): void {
    const { metrics, limits } = this.#options.around;
    metrics.closed.inc({ kind: 'websocket', code: String(code) });
    ws.on('error', () => undefined);
    ws.close(code, reason);
    const cut = setTimeout(() => ws.terminate(), limits.closeWithinMs);
    ws.once('close', () => clearTimeout(cut));
  }

  #fail(socket: Duplex, error: unknown): void {
    if (error instanceof HandshakeOver) return;
    const { logger, metrics } = this.#options.around;
    if (error instanceof Problem && error.status === 429) {
      metrics.refused.inc({ why: error.code });
      const { status, code, detail, retryAfterSeconds = 1 } = error;
      refuseHandshake(socket, { status, code, detail, retryAfterSeconds });
      return;
    }
    logger.warn({ err: error instanceof Problem ? (error.cause ?? error) : error }, 'handshake failed');
    metrics.refused.inc({ why: 'temporarily_unavailable' });
    refuseHandshake(socket, {
      status: 503,
      code: 'temporarily_unavailable',
      detail: 'Who you are cannot be checked at the moment.',
      retryAfterSeconds: 2,
    });
  }
}

/** The client went, or `ws` answered it. */
class HandshakeOver extends Error {
  override readonly name = 'HandshakeOver';
}
