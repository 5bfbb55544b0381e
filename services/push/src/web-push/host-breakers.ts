import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhenResult,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { PushResult } from './policy.ts';

/** As many may be by accident. */
const FAILURES_IN_A_ROW = 5;
/** Then nobody is kept waiting for an answer from there; after it, one message finds out. */
const SKIPPED_FOR_MS = 30_000;
/** Names of push services may be made up by whoever subscribes. */
const MOST_HOSTS = 1_000;

/**
 * Passes over a push service that keeps failing, so that waiting for it does not keep those who wait for another.
 * For each host by itself.
 */
export class HostBreakers {
  readonly #breakers = new LRUCache<string, CircuitBreakerPolicy>({ max: MOST_HOSTS });

  /** Does `work`, which sends a message to this host, or says at once that it failed. */
  async run(host: string, work: () => Promise<PushResult>): Promise<PushResult> {
    try {
      return await this.#breakerOf(host).execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      return { kind: 'failed', error: `${host} is passed over, having failed too often` };
    }
  }

  #breakerOf(host: string): CircuitBreakerPolicy {
    let breaker = this.#breakers.get(host);
    if (breaker === undefined) {
      // One that asks for a pause is well, and means this browser or this moment.
      const isDown = (result: unknown) => {
        const { kind, retryAfterMs } = result as { kind: PushResult['kind']; retryAfterMs?: number };
        return kind === 'failed' && retryAfterMs === undefined;
      };
      breaker = circuitBreaker(handleWhenResult(isDown), {
        halfOpenAfter: SKIPPED_FOR_MS,
        breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
      });
      this.#breakers.set(host, breaker);
    }
    return breaker;
  }
}
