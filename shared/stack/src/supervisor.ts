import { setTimeout as delay } from 'node:timers/promises';
import { endsInARow, restartDelayMs } from './backoff.ts';
import { describeExit, type RunningProcess } from './process.ts';
import { stopUnit, waitUntilReady, type Unit } from './unit.ts';

export interface SupervisorOptions {
  /** Told of ends and restarts. */
  log: (line: string) => void;
  /** Called whenever a process has taken the place of another. */
  onChange: () => void;
}

interface Supervised {
  unit: Unit;
  running: RunningProcess;
  startedAt: number;
  watching: Promise<void>;
  /** When others should be told of another process than the one that was started. */
  reportedPid?: number;
}

export class Stopping extends Error {
  constructor() {
    super('stopping');
    this.name = 'Stopping';
  }
}

/** Runs units, and starts again what ends by itself. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #supervised = new Map<string, Supervised>();
  readonly #spawning = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The process that stands for a unit now; changes when it is started again. */
  pidOf(name: string): number | undefined {
    const supervised = this.#supervised.get(name);
    return supervised?.reportedPid ?? supervised?.running.pid;
  }

  /** Starts a unit and resolves when it is ready; from then on it is kept running. */
  async start(unit: Unit): Promise<void> {
    const running = await this.#spawn(unit);
    try {
      await waitUntilReady(unit, running);
    } catch (error) {
      throw this.#isStopping() ? new Stopping() : error;
    }
    await this.#lookUpPid(unit);
    const supervised = this.#supervised.get(unit.name);
    if (supervised !== undefined) supervised.watching = this.#watch(supervised);
  }

  /** Stops the named units side by side, or all. Nothing is started again from the first call on. */
  async stop(names: Iterable<string> = [...this.#supervised.keys()]): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#spawning);
    await Promise.all(
      [...names].map(async (name) => {
        const supervised = this.#supervised.get(name);
        if (supervised === undefined) return;
        await stopUnit(supervised.unit, supervised.running);
        await supervised.watching;
      }),
    );
  }

  /** Remembered as long as it takes, so that `stop` misses nothing that is just being made. */
  async #spawn(unit: Unit): Promise<RunningProcess> {
    const spawning = this.#spawnAndKeep(unit);
    this.#spawning.add(spawning);
    try {
      return await spawning;
    } finally {
      this.#spawning.delete(spawning);
    }
  }

  async #spawnAndKeep(unit: Unit): Promise<RunningProcess> {
    if (this.#isStopping()) throw new Stopping();
    const running = await unit.spawn();
    const before = this.#supervised.get(unit.name);
    if (before === undefined) {
      this.#supervised.set(unit.name, { unit, running, startedAt: Date.now(), watching: Promise.resolve() });
    } else {
      delete before.reportedPid;
      Object.assign(before, { running, startedAt: Date.now() });
    }
    // It was asked to stop while the process was being made.
    if (this.#isStopping()) {
      await stopUnit(unit, running);
      throw new Stopping();
    }
    this.#options.onChange();
    return running;
  }

  async #watch(supervised: Supervised): Promise<void> {
    const { unit } = supervised;
    const { signal } = this.#stopping;
    let ends = 0;
    let reason = describeExit(await supervised.running.exited);
    while (!this.#isStopping()) {
      ends = endsInARow(ends, Date.now() - supervised.startedAt);
      const waitMs = restartDelayMs(ends);
      this.#options.log(`${unit.name} ended (${reason}); starting it again in ${waitMs / 1000} s`);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (this.#isStopping()) return;
      try {
        const running = await this.#spawn(unit);
        this.#announceReady(unit, running);
        reason = describeExit(await running.exited);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  #announceReady(unit: Unit, running: RunningProcess): void {
    const back = async () => {
      await waitUntilReady(unit, running);
      await this.#lookUpPid(unit);
      this.#options.log(`${unit.name} is back (pid ${this.pidOf(unit.name)})`);
    };
    back().catch(
      () => undefined, // It ended again (which is told), or is not ready yet (which its log tells).
    );
  }

  /** A function, since it changes while we wait. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #lookUpPid(unit: Unit): Promise<void> {
    const pid = await unit.reportedPid?.().catch(() => undefined);
    const supervised = this.#supervised.get(unit.name);
    if (pid === undefined || supervised === undefined) return;
    supervised.reportedPid = pid;
    this.#options.onChange();
  }
}
