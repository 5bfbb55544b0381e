import path from 'node:path';
import { repository } from './paths.ts';
import { describeExit, logTail, startProcess } from './process.ts';

export interface OneShot {
  name: string;
  /** From the root of the repository. */
  entry: string;
  /** What the program has to do, for the sentence that says it could not: `The database could not be …`. */
  failure: string;
  env: Record<string, string>;
  logFile: string;
  runFolder: string;
}

class OneShotFailed extends Error {
  override readonly name = 'OneShotFailed';
  constructor(failure: string, how: string, logFile: string) {
    super(`${failure} (${how}).\nIts log, ${logFile}, ends:\n${logTail(logFile)}`);
  }
}

/** Runs to its end one of the programs that Compose and Kubernetes, too, run before the services start. */
export async function runOneShot({ name, entry, failure, env, logFile, runFolder }: OneShot): Promise<void> {
  const running = await startProcess({
    name,
    command: process.execPath,
    args: [path.join(repository, entry)],
    env: { PATH: process.env.PATH, ...env },
    cwd: repository,
    logFile,
    runFolder,
  });
  const exit = await running.exited;
  if (exit.code !== 0) throw new OneShotFailed(failure, describeExit(exit), logFile);
}

/** The program that opens the demo accounts, after the migration. */
export const demoAccounts = (adminUrl: string): Omit<OneShot, 'logFile' | 'runFolder'> => ({
  name: 'demo-accounts',
  entry: 'services/transaction/dist/demo-main.js',
  failure: 'The demo accounts could not be opened',
  env: { ADMIN_DATABASE_URL: adminUrl, PAYFAN_DEMO: 'true' },
});
