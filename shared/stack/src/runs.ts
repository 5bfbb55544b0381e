import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { payfanFolder } from './paths.ts';
import { isStillRunning, processIdentity } from './process-identity.ts';
import { waitFor } from './wait.ts';

/** What a run notes down about itself, so that a later one can clear up after it. */
interface Owner {
  pid: number;
  identity: string;
  command: string;
  /** Folders to delete when the run is over. */
  throwAway: string[];
  /** Docker containers to remove when the run is over. */
  containers: string[];
}

const runsFolder = path.join(payfanFolder, 'runs');

/**
 * The record of one `npm start`, `npm run demo` or `npm test`: which processes it started. It is a
 * folder with one file per process, since tests in several workers add to it at once. A supervisor
 * that is killed cannot end its children; the next run finds the record and does.
 */
export class Run {
  readonly folder: string;
  #owner: Owner;

  private constructor(folder: string, owner: Owner) {
    this.folder = folder;
    this.#owner = owner;
  }

  /** Opens the record of a new run, owned by this process. */
  static begin(command: string, parent: string = runsFolder): Run {
    const owner: Owner = {
      pid: process.pid,
      identity: processIdentity(process.pid) ?? '',
      command,
      throwAway: [],
      containers: [],
    };
    const folder = path.join(parent, `${command}-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const run = new Run(folder, owner);
    run.#save();
    return run;
  }

  /** Has the folder deleted when the run is over, however it ends. */
  throwAway(folder: string): void {
    this.#owner.throwAway.push(folder);
    this.#save();
  }

  addContainer(name: string): void {
    this.#owner.containers.push(name);
    this.#save();
  }

  /** Kills what still runs of this run, at once, and forgets it. Safe in a process's `exit` handler. */
  end(): void {
    clearUp(this.folder, this.#owner);
  }

  #save(): void {
    const file = path.join(this.folder, 'owner.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.#owner));
    renameSync(`${file}.new`, file);
  }
}

/** Notes a process that belongs to the run in `folder`. */
export function recordProcess(folder: string, pid: number): void {
  const identity = processIdentity(pid);
  if (identity !== undefined) writeFileSync(path.join(folder, `${pid}.process`), identity);
}

/** Takes a process that has ended off the record. */
export function forgetProcess(folder: string, pid: number): void {
  rmSync(path.join(folder, `${pid}.process`), { force: true });
}

/** Notes a folder that is to be deleted when the run in `folder` is over; for tests, which own no run. */
export function recordThrowAway(folder: string, dir: string): void {
  writeFileSync(path.join(folder, `${path.basename(dir)}.throw-away`), dir);
}

/** The runs whose owner still lives. */
export function livingRuns(parent: string = runsFolder): { pid: number; command: string }[] {
  return readRuns(parent)
    .filter(({ owner }) => isStillRunning(owner.pid, owner.identity))
    .map(({ owner }) => ({ pid: owner.pid, command: owner.command }));
}

export interface Abandoned {
  command: string;
  /** Processes that still ran. */
  processes: number;
  containers: string[];
}

/**
 * Ends what runs left behind whose owner was killed: their processes and throw-away folders. Resolves
 * when the processes are gone, and with them what they listened on.
 */
export async function endAbandonedRuns(parent: string = runsFolder): Promise<Abandoned[]> {
  const abandoned = readRuns(parent).filter(({ owner }) => !isStillRunning(owner.pid, owner.identity));
  const ended = abandoned.map(({ folder, owner }) => ({ owner, processes: clearUp(folder, owner) }));
  const left = ended.flatMap(({ processes }) => processes);
  await waitFor(() => Promise.resolve(!left.some(({ pid, identity }) => isStillRunning(pid, identity))), {
    what: 'the end of processes that an earlier run had left behind',
    timeoutMs: 20_000,
    intervalMs: 10,
  });
  return ended.map(({ owner: { command, containers }, processes }) => ({
    command,
    processes: processes.length,
    containers,
  }));
}

function readRuns(parent: string): { folder: string; owner: Owner }[] {
  return list(parent).flatMap((name) => {
    const folder = path.join(parent, name);
    try {
      const owner = JSON.parse(readFileSync(path.join(folder, 'owner.json'), 'utf8')) as Owner;
      return [{ folder, owner }];
    } catch {
      // Half written or half deleted: nothing is known to be running.
      return [];
    }
  });
}

/** Answers the processes that it killed; they may take a moment to be gone. */
function clearUp(folder: string, owner: Owner): { pid: number; identity: string }[] {
  const killed: { pid: number; identity: string }[] = [];
  for (const name of list(folder).filter((file) => file.endsWith('.process'))) {
    const pid = Number.parseInt(name, 10);
    const identity = readOr(path.join(folder, name), '');
    if (!isStillRunning(pid, identity)) continue;
    killGroup(pid);
    killed.push({ pid, identity });
  }
  const noted = list(folder).filter((file) => file.endsWith('.throw-away'));
  const throwAway = [
    ...owner.throwAway,
    ...noted.map((file) => readFileSync(path.join(folder, file), 'utf8')),
  ];
  for (const dir of throwAway) {
    // A process that was killed a moment ago may still be writing.
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  rmSync(folder, { recursive: true, force: true });
  return killed;
}

function killGroup(pid: number): void {
  // Everything we start leads a group of its own.
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
