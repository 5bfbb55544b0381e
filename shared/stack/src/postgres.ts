import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '@payfan/database';
import { dataVersion, type PostgresBinaries } from './postgres-binaries.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { processIdentity } from './process-identity.ts';
import { writeKeyPair, type KeyPair } from './test-certificates.ts';
import type { Unit } from './unit.ts';
import { giveTo, lesserUser, type User } from './users.ts';
import { waitFor } from './wait.ts';

const execute = promisify(execFile);

export interface PostgresOptions {
  binaries: PostgresBinaries;
  /** Its own folder; may exist already, with the data of an earlier run. */
  folder: string;
  port: number;
  /** Of the role `postgres`. */
  password: string;
  /** False for throw-away data: no fsync, which makes tests several times faster. */
  durable: boolean;
  /** Takes TLS too. */
  tls?: KeyPair;
  logFile: string;
  runFolder: string;
}

class InitdbFailed extends Error {
  constructor(program: string, cause: unknown) {
    const said = (cause as { stderr?: string }).stderr?.trim();
    super(
      `PostgreSQL could not make its data folder (${program}): ${said ?? String(cause)}\n` +
        'Or name a server that runs: DATABASE_URL=postgres://user:password@host:5432',
      { cause },
    );
    this.name = 'InitdbFailed';
  }
}

class OtherPostgresVersion extends Error {
  constructor(found: string, have: string) {
    super(`The data was written by PostgreSQL ${found}, and here is ${have}. \`npm run reset\` begins anew.`);
    this.name = 'OtherPostgresVersion';
  }
}

/** The URL of the role that may do everything. */
export function postgresUrl(
  { port, password }: { port: number; password: string },
  database = 'postgres',
): string {
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** A PostgreSQL of our own, on 127.0.0.1 only. */
export function postgresUnit(options: PostgresOptions): Unit {
  const user = lesserUser('nobody');
  const data = path.join(options.folder, 'data');
  return {
    name: 'postgres',
    logFile: options.logFile,
    // SIGINT is Postgres's "fast" shutdown: it ends the connections and leaves the data clean. SIGTERM
    // would wait for clients to go by themselves.
    stopSignal: 'SIGINT',
    graceMs: 10_000,
    async spawn() {
      await initialise(options, data, user);
      await endForerunner(data);
      if (options.tls !== undefined) writeKeyPair(options.tls, options.folder, user);
      return startServer(options, data, user);
    },
    async isReady() {
      const database = openDatabase({ url: postgresUrl(options), name: 'stack', max: 1 });
      try {
        await database.ping();
      } finally {
        await database.stop();
      }
    },
  };
}

/** What Postgres's programs are given: nothing of ours that they could misread (PGDATA, PGPORT, LC_…). */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** Makes the data folder, under another name until it is complete. */
async function initialise(options: PostgresOptions, data: string, user: User | undefined): Promise<void> {
  const program = path.join(options.binaries.bin, 'initdb');
  const found = dataVersion(data);
  if (found !== undefined) {
    const { stdout } = await execute(program, ['--version'], { env: environment() });
    const have = /(\d+)/.exec(stdout)?.[1];
    if (have !== found) throw new OtherPostgresVersion(found, have ?? stdout.trim());
    return;
  }
  mkdirSync(options.folder, { recursive: true });
  giveTo(user, options.folder);
  const unfinished = `${data}.new`;
  const passwordFile = path.join(options.folder, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
  giveTo(user, passwordFile);
  try {
    await execute(
      program,
      [
        ['--pgdata', unfinished],
        ['--username', 'postgres'],
        ['--auth', 'scram-sha-256'],
        ['--pwfile', passwordFile],
        ['--encoding', 'UTF8'],
        ['--locale', 'C'],
        options.durable ? [] : ['--no-sync'],
      ].flat(),
      { env: environment(), cwd: options.folder, ...user },
    );
  } catch (error) {
    throw new InitdbFailed(program, error);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  chmodSync(unfinished, 0o700);
  renameSync(unfinished, data);
}

/**
 * A data folder knows who last ran on it (postmaster.pid). If that one still runs (its supervisor was
 * killed), it ends first: the folder is ours, so it is ours. If the number now belongs to another
 * program, the file is stale, and Postgres would refuse to start because of it.
 */
async function endForerunner(data: string): Promise<void> {
  const file = path.join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  const identity = processIdentity(pid);
  if (identity !== undefined && commandLine(pid).includes(data)) {
    process.kill(pid, 'SIGINT');
    const what = `the end of the PostgreSQL that still ran on ${data} (pid ${pid})`;
    await waitFor(() => Promise.resolve(processIdentity(pid) !== identity), { what, timeoutMs: 20_000 });
  }
  rmSync(file, { force: true });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function startServer(
  options: PostgresOptions,
  data: string,
  user: User | undefined,
): Promise<RunningProcess> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    max_connections: '300',
    shared_buffers: '128MB',
    log_min_messages: 'warning',
    ...(options.tls === undefined
      ? {}
      : {
          ssl: 'on',
          ssl_cert_file: path.join(options.folder, 'tls.crt'),
          ssl_key_file: path.join(options.folder, 'tls.key'),
        }),
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return startProcess({
    name: 'postgres',
    command: path.join(options.binaries.bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: environment(),
    cwd: options.folder,
    user,
    logFile: options.logFile,
    runFolder: options.runFolder,
  });
}
