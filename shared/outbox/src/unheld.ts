import { listPresent, type Database } from '@payfan/database';
import { claimExpired, freeLeasesOfTheGone, type Lease, type OutboxRow } from './outbox-store.ts';

/**
 * All rows are looked at, and not only those from where some were last found, unless that takes long because of dead
 * ones: then again after so many times as long as it took, and no later than that.
 */
const FROM_START_AFTER_TIMES = 50;
const FROM_START_AFTER_AT_MOST_MS = 2_000;

/** The rows that nobody holds, as the sweeper finds them. */
export class Unheld {
  readonly #database: Database;
  readonly #lease: Lease;
  readonly #now: () => number;
  /** Who was present when the leases of the gone were last ended; undefined for never. */
  #present: string | undefined;
  /** Of the oldest row that was found by the last look that found one; 0 if all have been looked at since. */
  #fromId = 0;
  #fromStartAtMs = -Infinity;

  /**
   * @param lease under which rows are claimed.
   * @param now milliseconds, on a clock that only goes forward.
   */
  constructor(database: Database, lease: Lease, now = () => performance.now()) {
    this.#database = database;
    this.#lease = lease;
    this.#now = now;
  }

  /** Whenever a process has gone, frees what it held. Answers how many rows that are. */
  async takeOver(): Promise<number> {
    const present = await listPresent(this.#database);
    if (present === this.#present) return 0;
    const rows = await freeLeasesOfTheGone(this.#database);
    this.#present = present;
    if (rows > 0) this.#fromStartAtMs = -Infinity;
    return rows;
  }

  /** Leases the next rows, oldest first, `limit` at most. */
  async claim(limit: number): Promise<OutboxRow[]> {
    const beganMs = this.#now();
    const fromStart = beganMs >= this.#fromStartAtMs;
    if (fromStart) this.#fromId = 0;
    // There were none a moment ago.
    else if (this.#fromId === 0) return [];
    const rows = await claimExpired(this.#database, this.#lease, { limit, fromId: this.#fromId });
    this.#fromId = rows[0]?.id ?? this.#fromId;
    if (fromStart) {
      const endMs = this.#now();
      this.#fromStartAtMs =
        endMs + Math.min(FROM_START_AFTER_TIMES * (endMs - beganMs), FROM_START_AFTER_AT_MOST_MS);
    }
    return rows;
  }
}
