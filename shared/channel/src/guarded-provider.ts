import { isNativeError } from 'node:util/types';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult } from 'cockatiel';
import type { Provider, SendOptions, SendResult } from './provider.ts';

export interface GuardOptions {
  /** Messages and questions that it gets at once; others wait for their turn. */
  concurrency: number;
  /** Told when a provider is passed over from now on, and when it is back. */
  onChange: (provider: string, state: 'skipped' | 'back') => void;
}

/** So many failures in a row, and a provider is passed over while there is another … */
const FAILURES_IN_A_ROW = 10;
/** … for this long; then one message finds out whether it works again. */
const SKIPPED_FOR_MS = 10_000;

/** A provider that answers in time, whatever it does, and knows when it had better be passed over. */
export interface GuardedProvider<Message> {
  readonly name: string;
  readonly canBeAsked: boolean;
  /** True while it keeps failing. */
  isSkipped(): boolean;
  /** Never throws: silence and accidents are `unknown`. */
  send(message: Message, reference: string, timeoutMs: number): Promise<SendResult>;
  /** `absent` also where it can't be asked; `unknown` if it does not say. Never throws. */
  lookup(reference: string, timeoutMs: number): Promise<SendResult | { kind: 'absent' }>;
}

/** Guards a provider against its own silence and failures. */
export function guard<Message>(
  provider: Provider<Message>,
  { concurrency, onChange }: GuardOptions,
): GuardedProvider<Message> {
  const { name } = provider;
  const inTurn = turns(concurrency);
  const breaker = circuitBreaker(
    handleWhenResult((result) => ['failed', 'unknown'].includes((result as SendResult).kind)),
    { halfOpenAfter: SKIPPED_FOR_MS, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW) },
  );
  let skippedUntilMs = 0;
  breaker.onBreak(() => {
    skippedUntilMs = performance.now() + SKIPPED_FOR_MS;
    onChange(name, 'skipped');
  });
  breaker.onReset(() => onChange(name, 'back'));

  const isSkipped = () => breaker.state === CircuitState.Open && performance.now() < skippedUntilMs;
  const sendInTime = (message: Message, reference: string, timeoutMs: number) =>
    inTurn(() => inTime(timeoutMs, reference, (options) => provider.send(message, options)));

  return {
    name,
    canBeAsked: provider.lookup !== undefined,
    isSkipped,
    async send(message, reference, timeoutMs) {
      // Whoever is the only one left is tried all the same, and what comes of it is not counted.
      if (isSkipped()) return sendInTime(message, reference, timeoutMs);
      try {
        return await breaker.execute(() => sendInTime(message, reference, timeoutMs));
      } catch {
        // Another message is just finding out whether it works again.
        return { kind: 'failed', error: `${name} is passed over, having failed too often` };
      }
    },
    lookup: (reference, timeoutMs) =>
      inTurn(() => inTime(timeoutMs, reference, (options) => provider.lookup?.(options) ?? absent)),
  };
}

/** Has so many pieces of work done at once; others begin in the order in which they came. */
function turns(places: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const begin = waiting.shift();
      if (begin === undefined) free += 1;
      else begin();
    }
  };
}

const absent = Promise.resolve({ kind: 'absent' } as const);

/** Runs `work` for so long; what it has not answered by then, or has thrown, is unknown. */
function inTime<Result>(
  timeoutMs: number,
  reference: string,
  work: (options: SendOptions) => Promise<Result>,
): Promise<Result | (SendResult & { kind: 'unknown' })> {
  let controller: AbortController | undefined;
  const options: SendOptions = {
    reference,
    // Made for those who look at it: it costs more than all the rest of an attempt.
    get signal() {
      controller ??= new AbortController();
      return controller.signal;
    },
  };
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ kind: 'unknown', error: `no answer within ${timeoutMs} ms` });
      controller?.abort();
    }, timeoutMs);
    const settle = (result: Parameters<typeof resolve>[0]) => {
      clearTimeout(timer);
      resolve(result);
    };
    const fail = (error: unknown) =>
      settle({ kind: 'unknown', error: isNativeError(error) ? error.message : String(error) });
    try {
      work(options).then(settle, fail);
    } catch (error) {
      // Thrown before it had a promise to give.
      fail(error);
    }
  });
}
