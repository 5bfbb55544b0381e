import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { forgetProcess, recordProcess } from './runs.ts';
import type { User } from './users.ts';

/** How a process is to be started. */
export interface ProcessPlan {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Only when we are root and the process must not be. */
  user?: User | undefined;
  /** Where its output is appended. */
  logFile: string;
  /** The record of the run that it belongs to. */
  runFolder: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  readonly hasExited: boolean;
  /** Sends the signal to the process itself; nothing if it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, waits, and kills its whole group after `graceMs`. Resolves once it has ended. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
  /** Ends its whole group at once. */
  kill(): void;
}

class ProcessNotStarted extends Error {
  constructor(name: string, command: string, cause: unknown) {
    super(
      `${name} could not be started (${command}): ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = 'ProcessNotStarted';
  }
}

/**
 * Starts a process that leads its own group: the terminal's Ctrl-C must reach us alone, as we stop
 * things in order. Its output goes to a file and not through us, so it outlives us if we are killed,
 * and nothing is lost then.
 */
export async function startProcess(plan: ProcessPlan): Promise<RunningProcess> {
  mkdirSync(path.dirname(plan.logFile), { recursive: true });
  const log = openSync(plan.logFile, 'a');
  try {
    const child = spawn(plan.command, plan.args, {
      env: plan.env,
      cwd: plan.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      ...plan.user,
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return new Started(child.pid ?? 0, exited, plan.runFolder);
  } catch (error) {
    throw new ProcessNotStarted(plan.name, plan.command, error);
  } finally {
    closeSync(log);
  }
}

class Started implements RunningProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  hasExited = false;

  constructor(pid: number, exited: Promise<Exit>, runFolder: string) {
    this.pid = pid;
    recordProcess(runFolder, pid);
    this.exited = exited.then((exit) => {
      this.hasExited = true;
      // Whatever it had started itself goes with it. As long as one of its group lives, the kernel
      // gives the number to nobody else.
      this.#send(-pid, 'SIGKILL');
      forgetProcess(runFolder, pid);
      return exit;
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasExited) this.#send(this.pid, signal);
  }

  kill(): void {
    if (!this.hasExited) this.#send(-this.pid, 'SIGKILL');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<Exit> {
    this.signal(signal);
    const timer = setTimeout(() => this.kill(), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #send(target: number, signal: NodeJS.Signals): void {
    try {
      process.kill(target, signal);
    } catch {
      // It ended a moment ago.
    }
  }
}

/** How a process ended, for people: `exit code 1`, `SIGKILL`. */
export function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code ?? 'unknown'}`;
}

/** The last lines of a log, for when something goes wrong. */
export function logTail(logFile: string, lines = 20): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
