import { isNativeError } from 'node:util/types';
import type { Clock } from './clock.ts';
import { CircuitBreaker, type CallResult } from './circuit-breaker.ts';
import type { Provider, SendOptions, SendResult } from './provider.ts';

export interface GuardOptions {
  /** Messages and questions that it gets at once; others wait for their turn. */
  concurrency: number;
  clock: Pick<Clock, 'nowMs'>;
  /** Called when a provider is skipped from now on, and when it works again. */
  onChange: (provider: string, state: 'skipped' | 'back') => void;
  /**
   * Called whenever a provider refuses Payfan itself, which only an operator can mend. `isCertain` is false if the refusal
   * may also be about this one message.
   */
  onRefusal: (provider: string, error: string, isCertain: boolean) => void;
}

/** A provider that answers in time, whatever it does, and knows when it had better be passed over. */
export interface GuardedProvider<Message> {
  readonly name: string;
  readonly canBeAsked: boolean;
  /** True from the time at which it has failed too often until it works again. */
  isFailing(): boolean;
  /** True while it is failing, and no message may test it: not yet, or because one does. */
  isSkipped(): boolean;
  /** While it is failing: how long until a message may test it, in milliseconds. */
  testDueInMs(): number;
  /** Never throws: silence and accidents are `unknown`. */
  send(message: Message, reference: string, timeoutMs: number): Promise<SendResult>;
  /** `absent` also where it can't be asked; `unknown` if it does not say. Never throws. */
  lookup(reference: string, timeoutMs: number): Promise<SendResult | { kind: 'absent' }>;
}

/** Guards a provider against its own silence and failures. */
export function guard<Message>(
  provider: Provider<Message>,
  { concurrency, clock, onChange, onRefusal }: GuardOptions,
): GuardedProvider<Message> {
  const { name } = provider;
  const inTurn = turns(concurrency);
  const breaker = new CircuitBreaker({
    clock,
    onChange: (state) => onChange(name, state === 'open' ? 'skipped' : 'back'),
  });

  return {
    name,
    canBeAsked: provider.lookup !== undefined,
    isFailing: () => breaker.state !== 'closed',
    isSkipped: () => breaker.state === 'open' || breaker.state === 'testing',
    testDueInMs: () => breaker.dueInMs(),
    async send(message, reference, timeoutMs) {
      if (breaker.state === 'testing') {
        await breaker.testEnded();
        if (breaker.dueInMs() > 0) {
          return { kind: 'failed', error: `${name} is skipped: it failed too often` };
        }
      }
      const send = () =>
        inTurn(() => inTime(timeoutMs, reference, (options) => provider.send(message, options)));
      const result = await breaker.run<SendResult>(send, judge);
      if (result.kind === 'failed' && result.refusesUs !== undefined) {
        onRefusal(name, result.error, result.refusesUs === true);
      }
      return result;
    },
    lookup: (reference, timeoutMs) =>
      inTurn(() => inTime(timeoutMs, reference, (options) => provider.lookup?.(options) ?? absent)),
  };
}

function judge(result: SendResult): CallResult {
  if (result.kind === 'sent' || result.kind === 'rejected') return { works: true };
  const { retryAfterMs = 0, refusesUs } = result.kind === 'failed' ? result : {};
  return { works: false, retryAfterMs, refusesUs: refusesUs === true };
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

/**
 * Runs `work` for so long, and then aborts it. A provider that knows that it handed nothing over answers the abort with
 * `failed`; otherwise the result is unknown, as it is if `work` throws.
 */
function inTime<Result extends { kind: string }>(
  timeoutMs: number,
  reference: string,
  work: (options: SendOptions) => Promise<Result>,
): Promise<Result | (SendResult & { kind: 'unknown' })> {
  let controller: AbortController | undefined;
  let isLate = false;
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
      const error = `no answer within ${timeoutMs} ms`;
      isLate = true;
      controller?.abort(new Error(error));
      setImmediate(() => resolve({ kind: 'unknown', error }));
    }, timeoutMs);
    const settle = (result: Result | (SendResult & { kind: 'unknown' })) => {
      if (isLate && result.kind !== 'failed') return;
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
