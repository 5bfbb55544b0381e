import { listPresent, type Database } from '@payfan/database';
import { claimExpired, freeLeasesOfTheGone, type Lease, type OutboxRow } from './outbox-store.ts';

/**
 * A look from the first row goes through all dead ones, and so is made again after so many times as long as it took,
 * and no later than that. While few are dead that is less than the time between two sweeps.
 */
const LOOK_PAUSE_TIMES = 20;
const LONGEST_LOOK_PAUSE_MS = 2_000;

/** The rows that nobody holds, as the sweeper finds them. */
export class Unheld {
  readonly #database: Database;
  readonly #lease: Lease;
  readonly #now: () => number;
  /** Who was present when the leases of the gone were last ended; undefined for never. */
  #present: string | undefined;
  /** Of the oldest row that was found by the last look that found one; 0 if all have been looked at since. */
  #fromId = 0;
  /** When the next look is to begin with the first row. */
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
    // Whoever frees them: others may do so before us, and an answer may be lost.
    this.lookAtAll();
    const rows = await freeLeasesOfTheGone(this.#database);
    this.#present = present;
    return rows;
  }

  /** To be called when rows are free that were not when they were last looked at. */
  lookAtAll(): void {
    this.#fromStartAtMs = -Infinity;
  }

  /** Leases the next rows, oldest first, `limit` at most. */
  async claim(limit: number): Promise<OutboxRow[]> {
    const beganMs = this.#now();
    const fromStart = beganMs >= this.#fromStartAtMs;
    if (fromStart) {
      this.#fromId = 0;
      // Still due if it fails.
      this.#fromStartAtMs = beganMs;
    } else if (this.#fromId === 0) {
      // The last look at all found none.
      return [];
    }
    const rows = await claimExpired(this.#database, this.#lease, { limit, fromId: this.#fromId });
    this.#fromId = rows[0]?.id ?? this.#fromId;
    // Else rows were freed meanwhile, where it had looked already.
    if (fromStart && this.#fromStartAtMs === beganMs) {
      const endMs = this.#now();
      this.#fromStartAtMs = endMs + Math.min(LOOK_PAUSE_TIMES * (endMs - beganMs), LONGEST_LOOK_PAUSE_MS);
    }
    return rows;
  }
}
