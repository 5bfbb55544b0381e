import { Problem } from '../problem.ts';
import { TickWatch, ticksToMs } from './tick-watch.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A request that the service has had in hand for more ticks is answered 503. Callers are promised an answer within
 * 10 s, whatever the service waits for: a database, another service, or a queue behind them.
 */
const ANSWER_TICKS = 8;

/** How long a request may wait in a queue of the service; after that its client has been answered. */
export const ANSWER_WITHIN_MS = ticksToMs(ANSWER_TICKS);

interface AwaitedAnswer {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  ticks: number;
  bytesRead: number;
}

export interface AnswerTimeoutsOptions {
  /** Answers a request with a problem. */
  readonly fail: (problem: Problem, response: ServerResponse) => void;
  /** The length of a tick. Tests shorten it. */
  readonly tickMs?: number;
}

/**
 * Answers requests with 503 whose handlers take too long. The handler is not stopped: what it does may still take
 * effect, so the client repeats the request under the same key.
 */
export class AnswerTimeouts {
  readonly #fail: AnswerTimeoutsOptions['fail'];
  readonly #awaited: TickWatch<AwaitedAnswer>;

  constructor({ fail, tickMs }: AnswerTimeoutsOptions) {
    this.#fail = fail;
    this.#awaited = new TickWatch((awaited) => this.#check(awaited), tickMs);
  }

  watch(request: IncomingMessage, response: ServerResponse): void {
    const awaited = { request, response, ticks: 0, bytesRead: request.socket.bytesRead };
    this.#awaited.add(awaited);
    response.once('close', () => this.#awaited.remove(awaited));
  }

  #check(awaited: AwaitedAnswer): void {
    const { request, response } = awaited;
    // An answer that has begun can no longer become a problem.
    if (response.headersSent) {
      this.#awaited.remove(awaited);
      return;
    }
    const { bytesRead } = request.socket;
    const receives = bytesRead !== awaited.bytesRead;
    awaited.bytesRead = bytesRead;
    // While the client still sends its body, the service waits for the client (`BodyTimeouts`).
    if (!request.complete && (receives || request.readableLength === 0)) awaited.ticks = 0;
    else awaited.ticks += 1;
    if (awaited.ticks > ANSWER_TICKS) this.#answer(awaited);
  }

  #answer(awaited: AwaitedAnswer): void {
    const { request, response } = awaited;
    this.#awaited.remove(awaited);
    // Node forgets a request that is answered, so without this a reader of its body would wait for ever.
    if (!request.complete)
      request.socket.once('close', () => request.destroy(new Error('The body was given up')));
    this.#fail(
      new Problem({
        status: 503,
        code: 'temporarily_unavailable',
        detail: 'The answer takes too long at the moment. Repeat the request with the same Idempotency-Key.',
        retryAfterSeconds: 2,
        cause: new Error('the handler had no answer in time'),
        ...(request.complete ? {} : { headers: { connection: 'close' } }),
      }),
      response,
    );
  }
}
