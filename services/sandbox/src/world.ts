import type { Health, HttpSettings, Logger } from '@payfan/service';

/** What all parts of the outside world are built from; tests bring their own clock, dice and ids. */
export interface WorldOptions {
  readonly http?: HttpSettings;
  readonly logger: Logger;
  readonly health: Health;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly newId: () => string;
}
