import { Problem } from '../problem.ts';
import { TickWatch, ticksToMs } from './tick-watch.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A client that sends nothing of its body for so many ticks is idle. */
const IDLE_TICKS = 15;
/** A body that is not complete after so many ticks is too slow, however regularly its bytes arrive. */
const TOTAL_TICKS = 120;

/** The longest time that a request body may take. */
export const BODY_TOTAL_MS = ticksToMs(TOTAL_TICKS);

interface ReceivedBody {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  ticks: number;
  idleTicks: number;
  bytesRead: number;
}

export interface BodyTimeoutsOptions {
  /** Answers a request with a problem. */
  readonly fail: (problem: Problem, response: ServerResponse) => void;
  /** Called for each body that is given up. */
  readonly onTimeout: (reason: 'idle' | 'slow') => void;
  /** The length of a tick. Tests shorten it. */
  readonly tickMs?: number;
}

/**
 * Ends requests whose bodies stop arriving or arrive too slowly: with a 408 problem where no answer has begun, and
 * always by closing the connection.
 */
export class BodyTimeouts {
  readonly #options: BodyTimeoutsOptions;
  readonly #bodies: TickWatch<ReceivedBody>;

  constructor(options: BodyTimeoutsOptions) {
    this.#options = options;
    this.#bodies = new TickWatch((body) => this.#check(body), options.tickMs);
  }

  /** Watches the body of a request until it is complete, also when the request is answered earlier. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const body = { request, response, ticks: 0, idleTicks: 0, bytesRead: request.socket.bytesRead };
    this.#bodies.add(body);
    response.once('close', () => {
      if (request.complete) this.#bodies.remove(body);
    });
  }

  #check(body: ReceivedBody): void {
    if (body.request.complete || body.request.socket.destroyed) {
      this.#bodies.remove(body);
      return;
    }
    const { request } = body;
    const { bytesRead } = request.socket;
    // While received bytes are unread the socket may be paused, and its client has to wait for us.
    const isIdle = bytesRead === body.bytesRead && request.readableLength === 0;
    body.bytesRead = bytesRead;
    body.idleTicks = isIdle ? body.idleTicks + 1 : 0;
    body.ticks += 1;
    if (body.idleTicks > IDLE_TICKS) this.#end(body, 'idle');
    else if (body.ticks > TOTAL_TICKS) this.#end(body, 'slow');
  }

  #end(body: ReceivedBody, reason: 'idle' | 'slow'): void {
    const { request, response } = body;
    this.#bodies.remove(body);
    this.#options.onTimeout(reason);
    if (response.headersSent) {
      request.socket.destroy();
      return;
    }
    // Node forgets a request that is answered, so without this its reader would wait for ever.
    request.socket.once('close', () => request.destroy(new Error('The body was given up')));
    this.#options.fail(
      new Problem({
        status: 408,
        code: 'request_timeout',
        detail:
          reason === 'idle'
            ? `Nothing of the body arrived for ${IDLE_TICKS} seconds. Send the request again.`
            : `The body was not complete after ${TOTAL_TICKS} seconds. Send the request again, or send less at once.`,
        headers: { connection: 'close' },
      }),
      response,
    );
  }
}
