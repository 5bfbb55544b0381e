import { describeExit, logTail, type RunningProcess } from './process.ts';
import { waitFor } from './wait.ts';

/** Something that the stack runs: a database, a broker, a service. */
export interface Unit {
  readonly name: string;
  readonly logFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed. */
  readonly graceMs: number;
  /** How long it may take until it is ready, where that is more than `WAIT_TIMEOUT_MS`. */
  readonly readyTimeoutMs?: number;
  /** Starts the process. May be called again once the one before has ended. */
  spawn(): Promise<RunningProcess>;
  /** Throws, or answers false, as long as it is not ready. */
  isReady(): Promise<unknown>;
  /** Ends what `spawn` started beside the process. */
  cleanUp?(): Promise<void>;
  /** The process that others should be told of, when it isn't the one that was started. */
  reportedPid?(): Promise<number>;
}

/** A unit ended, or was not ready in time. Carries the end of its log. */
export class UnitFailed extends Error {
  constructor(unit: Unit, reason: string) {
    const tail = logTail(unit.logFile);
    super(`${unit.name} ${reason}.\nIts log, ${unit.logFile}, ends:\n${tail === '' ? '(empty)' : tail}`);
    this.name = 'UnitFailed';
  }
}

/** Starts a unit and resolves when it is ready; stops it again if it isn't in time. */
export async function startUnit(unit: Unit): Promise<RunningProcess> {
  const running = await unit.spawn();
  try {
    await waitUntilReady(unit, running);
    return running;
  } catch (error) {
    await stopUnit(unit, running);
    throw error;
  }
}

/** Resolves when the unit is ready; rejects with {@link UnitFailed} if it ends first or takes too long. */
export async function waitUntilReady(unit: Unit, running: RunningProcess): Promise<void> {
  const abort = new AbortController();
  const ended = running.exited.then((exit) => {
    abort.abort();
    throw new UnitFailed(unit, `ended before it was ready (${describeExit(exit)})`);
  });
  const ready = waitFor(() => unit.isReady(), {
    what: `${unit.name} being ready`,
    ...(unit.readyTimeoutMs === undefined ? {} : { timeoutMs: unit.readyTimeoutMs }),
    signal: abort.signal,
  }).catch((error: unknown) => {
    if (abort.signal.aborted) return ended;
    throw new UnitFailed(unit, error instanceof Error ? `is not ready: ${error.message}` : 'is not ready');
  });
  // Once it was ready, its end is for whoever watches it.
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
}

export async function stopUnit(unit: Unit, running: RunningProcess): Promise<void> {
  await running.stop(unit.stopSignal, unit.graceMs);
  await unit.cleanUp?.();
}
