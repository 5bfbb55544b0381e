import { CircuitBreaker, type CallResult, type Clock } from '@payfan/channel';
import type { Logger } from '@payfan/service';
import { LRUCache } from 'lru-cache';
import { REFUSED_AGAIN_MS, type PushResult } from './policy.ts';

export interface HostBreakersOptions {
  clock: Pick<Clock, 'nowMs'>;
  logger: Logger;
}

interface Host {
  breaker: CircuitBreaker;
  /** When the push service last accepted a message. */
  acceptedAtMs: number;
  /** From the first refusal of Payfan itself until the push service accepts a message. */
  refusesUs: boolean;
}

/** Clients choose the host names, so the number of hosts that are remembered has a limit. */
const MOST_HOSTS = 1_000;
/**
 * A refused message waits longer than the host is skipped, so that another message is the next test: the refused one may
 * belong to a subscription that was made for other VAPID keys.
 */
const REFUSED_MESSAGE_WAITS_MS = 1.1 * REFUSED_AGAIN_MS;

/** Skips a push service that keeps failing or refuses Payfan itself, so that messages to other hosts need not wait. */
export class HostBreakers {
  readonly #options: HostBreakersOptions;
  readonly #hosts = new LRUCache<string, Host>({ max: MOST_HOSTS });

  constructor(options: HostBreakersOptions) {
    this.#options = options;
  }

  /** Calls `send`, which sends a message to this host and must not throw, unless the host is skipped. */
  async run(name: string, send: () => Promise<PushResult>): Promise<PushResult> {
    const host = this.#hostOf(name);
    const { breaker } = host;
    if (breaker.state === 'open' || breaker.state === 'testing') {
      const error = `${name} is skipped: it failed too often or refuses Payfan itself`;
      return { kind: 'skipped', error, retryAfterMs: breaker.dueInMs() };
    }
    const result = await breaker.run(async () => this.#interpret(host, await send()), judge);
    this.#note(name, host, result);
    return result;
  }

  /**
   * A host that accepts messages accepts the VAPID keys, so it refuses only subscriptions that were made for other keys
   * (RFC 8292, 4.2). Any client can make one, and must not be able to stop the messages to all others.
   */
  #interpret({ acceptedAtMs }: Host, result: PushResult): PushResult {
    if (result.kind !== 'refuses_us') return result;
    const acceptsUs = this.#options.clock.nowMs() - acceptedAtMs < REFUSED_AGAIN_MS;
    return { ...result, kind: acceptsUs ? 'failed' : 'refuses_us', retryAfterMs: REFUSED_MESSAGE_WAITS_MS };
  }

  /** Logs once when a host begins to refuse Payfan itself, and not for each message. */
  #note(name: string, host: Host, result: PushResult): void {
    const { clock, logger } = this.#options;
    if (result.kind === 'accepted') {
      host.acceptedAtMs = clock.nowMs();
      host.refusesUs = false;
    }
    if (result.kind !== 'refuses_us' || host.refusesUs) return;
    host.refusesUs = true;
    logger.error(
      { host: name, error: result.error },
      'push service refuses Payfan itself: check the VAPID keys and VAPID_SUBJECT; one message an hour tests it',
    );
  }

  #hostOf(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const { clock, logger } = this.#options;
    const breaker = new CircuitBreaker({
      clock,
      onChange: (state) =>
        logger.warn(
          { host: name },
          state === 'open' ? 'push service is skipped: it keeps failing' : 'push service works again',
        ),
    });
    const host = { breaker, acceptedAtMs: -Infinity, refusesUs: false };
    this.#hosts.set(name, host);
    return host;
  }
}

function judge(result: PushResult): CallResult {
  if (result.kind === 'refuses_us') return { works: false, refusesUs: true, retryAfterMs: REFUSED_AGAIN_MS };
  // A push service that asks for a pause works: it means this browser or this moment.
  const works = result.kind !== 'failed' || result.retryAfterMs !== undefined;
  return works ? { works } : { works, refusesUs: false, retryAfterMs: 0 };
}
