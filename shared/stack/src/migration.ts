import path from 'node:path';
import { repository } from './paths.ts';
import { describeExit, logTail, startProcess } from './process.ts';

export interface MigrationOptions {
  adminUrl: string;
  /** Of each service's role. */
  passwords: Record<string, string>;
  /** A demo may have weak passwords. */
  demo: boolean;
  logFile: string;
  runFolder: string;
}

class MigrationFailed extends Error {
  constructor(how: string, logFile: string) {
    super(
      `The database could not be brought up to date (${how}).\nIts log, ${logFile}, ends:\n${logTail(logFile)}`,
    );
    this.name = 'MigrationFailed';
  }
}

/** Runs the same one-shot program that compose and Kubernetes run before the services start. */
export async function migrateDatabase({
  adminUrl,
  passwords,
  demo,
  logFile,
  runFolder,
}: MigrationOptions): Promise<void> {
  const running = await startProcess({
    name: 'migrate',
    command: process.execPath,
    args: [path.join(repository, 'shared/database/dist/migrate-main.js')],
    env: {
      PATH: process.env.PATH,
      ADMIN_DATABASE_URL: adminUrl,
      PAYFAN_DEMO: String(demo),
      ...Object.fromEntries(
        Object.entries(passwords).map(([service, password]) => [
          `${service.toUpperCase()}_DB_PASSWORD`,
          password,
        ]),
      ),
    },
    cwd: repository,
    logFile,
    runFolder,
  });
  const exit = await running.exited;
  if (exit.code !== 0) throw new MigrationFailed(describeExit(exit), logFile);
}
