import type { Logger, Part } from '@payfan/service';
import { jittered } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { TopicHub } from './topic-hub.ts';

export interface AuditOptions {
  readonly hub: Pick<TopicHub, 'check'>;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  /** On average. */
  readonly everyMs?: number;
}

/** The longest that an event is missed which nobody told live, and which no later one gave away. */
const EVERY_MS = 20_000;

/** Compares what was told on each topic with its log, now and then: live messages may be lost without a trace. */
export class Audit implements Part {
  readonly name = 'audit';
  readonly #options: AuditOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#schedule();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(
      () => {
        void this.#look().finally(() => this.#schedule());
      },
      jittered(this.#options.everyMs ?? EVERY_MS),
    );
  }

  async #look(): Promise<void> {
    const { hub, logger, metrics } = this.#options;
    const { behind, level, unknown } = await hub.check();
    metrics.audited.inc({ found: 'behind' }, behind);
    metrics.audited.inc({ found: 'level' }, level);
    if (behind > 0) logger.warn({ behind, level }, 'topics were behind their logs: live messages were lost');
    if (unknown > 0) logger.warn({ unknown }, 'topics could not be compared with their logs');
  }
}
