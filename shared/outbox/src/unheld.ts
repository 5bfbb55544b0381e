import { listPresent, type Database } from '@payfan/database';
import { claimExpired, freeLeasesOfTheGone, type Lease, type OutboxRow } from './outbox-store.ts';

/** How often all rows are looked at, and not only those from where some were last found. */
const LOOK_FROM_START_EVERY_MS = 2_000;

/** The rows that nobody holds, as the sweeper finds them. */
export class Unheld {
  readonly #database: Database;
  readonly #lease: Lease;
  /** Who was present when the leases of the gone were last ended; undefined for never. */
  #present: string | undefined;
  #fromId = 0;
  #lookedFromStartMs = -Infinity;

  /** @param lease under which rows are claimed. */
  constructor(database: Database, lease: Lease) {
    this.#database = database;
    this.#lease = lease;
  }

  /** Whenever a process has gone, frees what it held. Answers how many rows that are. */
  async takeOver(): Promise<number> {
    const present = await listPresent(this.#database);
    if (present === this.#present) return 0;
    const rows = await freeLeasesOfTheGone(this.#database);
    this.#present = present;
    return rows;
  }

  /** Leases the next rows, oldest first, `limit` at most. */
  async claim(limit: number): Promise<OutboxRow[]> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedFromStartMs > LOOK_FROM_START_EVERY_MS) {
      this.#fromId = 0;
      this.#lookedFromStartMs = nowMs;
    }
    const rows = await claimExpired(this.#database, this.#lease, { limit, fromId: this.#fromId });
    this.#fromId = rows[0]?.id ?? this.#fromId;
    return rows;
  }
}
