import { attempt, type Attempted } from '../attempt.ts';
import { systemClock } from '../clock.ts';
import { guard } from '../guarded-provider.ts';
import type { Provider } from '../provider.ts';

/** Hands messages to providers as a channel does, with its deadlines and circuit breakers, without a database or a broker. */
export function failOver<Message>(
  providers: readonly Provider<Message>[],
  { concurrency, timeoutMs }: { concurrency: number; timeoutMs: number },
): (message: Message, reference: string) => Promise<Attempted> {
  const guarded = providers.map((provider) =>
    guard(provider, {
      concurrency,
      clock: systemClock,
      onChange: () => undefined,
      onRefusal: () => undefined,
    }),
  );
  return (message, reference) =>
    attempt(guarded, message, {
      reference,
      uncertain: false,
      lastProvider: null,
      leftBehind: false,
      timeoutMs,
    });
}
