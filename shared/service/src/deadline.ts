import { setMaxListeners } from 'node:events';

/** How long a call may take. */
export interface Deadline {
  readonly timeoutMs: number;
  /** Ends the call early when it is aborted: the program stops, or the caller has left. */
  readonly signal?: AbortSignal | undefined;
}

/** A peer did not answer in time. Whether it did what it was asked is not known. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** The part of `fetch` that callers use. Operations passes one of its own, which connects to a given address. */
export type Fetch = (url: URL, init: RequestInit & { signal: AbortSignal }) => Promise<Response>;

/** A request, its deadline, and what sends it if not `fetch`. */
export type Call = Omit<RequestInit, 'signal'> & Deadline & { readonly send?: Fetch | undefined };

/**
 * Does work that waits for a peer, under a deadline. The result is decided when the deadline passes even if the work
 * ignores the signal that it is given.
 *
 * It holds the controller by a timer of its own: Node 20 collects the timer of `AbortSignal.timeout` under
 * `AbortSignal.any`, and the call then waits for ever.
 *
 * @throws TimeoutError after `timeoutMs`; the reason of `signal`; what `work` throws
 */
export async function withDeadline<T>(
  { timeoutMs, signal }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  // Node warns from the eleventh listener on, and many calls share the signal of one program.
  if (signal !== undefined) setMaxListeners(0, signal);
  const controller = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error));
  });
  const timer = setTimeout(() => controller.abort(new TimeoutError(timeoutMs)), timeoutMs);
  const endEarly = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', endEarly);
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', endEarly);
  }
}

/**
 * Sends an HTTP request and reads its answer under one deadline, so a peer that stops in the middle of its answer is
 * noticed too. Every call of a service to another goes through here; the linter refuses a bare `fetch`.
 *
 * @param read must read all that it needs: what it leaves of the answer is dropped
 * @throws as `withDeadline`
 */
export function fetchWithin<T>(
  url: URL | string,
  { timeoutMs, signal, send = fetch, ...init }: Call,
  read: (response: Response) => T | Promise<T>,
): Promise<T> {
  return withDeadline({ timeoutMs, signal }, async (ending) => {
    const response = await send(new URL(url), { ...init, signal: ending });
    try {
      return await read(response);
    } finally {
      // A body that is not read would hold its connection. If that has broken, `cancel` rejects, and nothing is left to free.
      if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined);
    }
  });
}
