import { isNativeError } from 'node:util/types';
import { bulkhead, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult } from 'cockatiel';
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
  const turns = bulkhead(concurrency, Infinity);
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
    turns.execute(() => inTime(timeoutMs, reference, (options) => provider.send(message, options)));

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
      turns.execute(() => inTime(timeoutMs, reference, (options) => provider.lookup?.(options) ?? absent)),
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
    const unknown = (error: string) => resolve({ kind: 'unknown', error });
    const timer = setTimeout(() => {
      unknown(`no answer within ${timeoutMs} ms`);
      controller?.abort();
    }, timeoutMs);
    // Also what it throws before it has a promise to give.
    void Promise.resolve(options)
      .then(work)
      .then(resolve, (error: unknown) => unknown(isNativeError(error) ? error.message : String(error)))
      .finally(() => clearTimeout(timer));
  });
}
