import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { repository } from './paths.ts';
import { startProcess, type Exit, type RunningProcess } from './process.ts';
import { bindAddress, localHost } from './setting.ts';
import type { Unit } from './unit.ts';

export interface ProgramOptions {
  name: string;
  /** The built file, from the root of the repository: `services/push/dist/main.js`. */
  entry: string;
  port: number;
  /** Beside PATH, HOME and the like, all that it gets: nothing of ours may leak into it. */
  env: Record<string, string>;
  /** What tells that it is ready; by default its `/readyz`. */
  readyUrls?: string[];
  logFile: string;
  runFolder: string;
}

/**
 * How V8 collects garbage in every program, here and in the image: the old generation seldom, and the young one without
 * helping threads, which would wait for a processor first (docs/adr/0017-bulk-gives-way.md).
 */
export const V8_FLAGS = ['--initial-old-space-size=128', '--no-parallel-scavenge'];

class NotBuilt extends Error {
  constructor(entry: string) {
    super(`${entry} is not there. \`npx tsc -b\` builds it (\`npm start\` and \`npm test\` do so first).`);
    this.name = 'NotBuilt';
  }
}

/** A service of ours, as a process on a port of its own. */
export function programUnit(options: ProgramOptions): Unit {
  const caFile = options.env['NODE_EXTRA_CA_CERTS'];
  const readyUrls = (options.readyUrls ?? [`http://${localHost()}:${options.port}/readyz`]).map((url) =>
    options.env['TLS_CERT_FILE'] === undefined ? url : url.replace(/^http:/, 'https:'),
  );
  return {
    name: options.name,
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    // A little more than a service takes to say by itself that it hangs.
    graceMs: 12_000,
    spawn: () => spawnProgram(options),
    async isReady() {
      for (const url of readyUrls) await expectOk(url, caFile);
    },
  };
}

async function expectOk(url: string, caFile: string | undefined): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  const answer = url.startsWith('https:')
    ? await getTrusting(url, caFile, signal)
    : await fetch(url, { signal });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status} ${body.slice(0, 500)}`);
}

/** `fetch` trusts the CAs that this process was started with; the program may be given another. */
function getTrusting(url: string, caFile: string | undefined, signal: AbortSignal): Promise<Response> {
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  return new Promise((resolve, reject) => {
    get(url, { ...ca, signal, agent: false }, (answer) => {
      const { statusCode: status = 502 } = answer;
      text(answer).then((body) => resolve(new Response(body, { status })), reject);
    }).on('error', reject);
  });
}

async function spawnProgram(options: ProgramOptions): Promise<RunningProcess> {
  const entry = path.resolve(repository, options.entry);
  if (!existsSync(entry)) throw new NotBuilt(options.entry);
  return startProcess({
    name: options.name,
    command: process.execPath,
    args: [...V8_FLAGS, '--enable-source-maps', entry],
    env: { ...inherited(), PORT: String(options.port), PAYFAN_BIND: bindAddress(), ...options.env },
    cwd: repository,
    logFile: options.logFile,
    runFolder: options.runFolder,
  });
}

/** What every process on this machine has; none of it configures a service, except the level of its log. */
function inherited(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'LOG_LEVEL'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** A program that a test runs. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly exited: Promise<Exit>;
  readonly logFile: string;
  /** All it has printed so far. */
  output(): string;
  /** Asks it to end (SIGTERM unless told) and waits for that. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** Ends it at once, as a crash would, and waits for that. */
  kill(): Promise<Exit>;
}

export function asProgram(unit: Unit, running: RunningProcess, url: string): Program {
  return {
    name: unit.name,
    pid: running.pid,
    url,
    exited: running.exited,
    logFile: unit.logFile,
    output: () => readFileSync(unit.logFile, 'utf8'),
    stop: (signal = unit.stopSignal) => running.stop(signal, unit.graceMs),
    kill: () => {
      running.kill();
      return running.exited;
    },
  };
}
