import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { testRunFolder } from './fresh.ts';
import { freePort } from './ports.ts';
import { asProgram, programUnit, type Program } from './program.ts';
import { localHost } from './setting.ts';
import { startUnit, UnitFailed } from './unit.ts';

export interface StartProgramOptions {
  name: string;
  /** The built file, from the root of the repository: `services/push/dist/main.js`. */
  entry: string;
  /** Beside PATH, HOME and the like, all that it gets. PORT is set unless given here. */
  env?: Record<string, string>;
  /** What tells that it is ready; by default `/readyz` on its port. */
  readyUrls?: string[];
}

/**
 * Runs a built program on a free port and resolves when it is ready. It ends with the test run at
 * the latest, also if the run is killed.
 */
export async function startProgram({
  name,
  entry,
  env = {},
  readyUrls,
}: StartProgramOptions): Promise<Program> {
  const runFolder = testRunFolder();
  for (let attempt = 1; ; attempt++) {
    const port = Number(env.PORT ?? (await freePort()));
    const logFile = path.join(runFolder, 'logs', `${name}-${randomBytes(4).toString('hex')}.log`);
    const unit = programUnit({
      name,
      entry,
      port,
      env: { NODE_ENV: 'test', ...env },
      ...(readyUrls === undefined ? {} : { readyUrls }),
      logFile,
      runFolder,
    });
    try {
      return asProgram(unit, await startUnit(unit), `http://${localHost()}:${port}`);
    } catch (error) {
      if (!isPortTaken(error) || env.PORT !== undefined || attempt === 3) throw error;
    }
  }
}

/** True when another worker found the same port free in the same moment. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof UnitFailed && error.message.includes('EADDRINUSE');
}
