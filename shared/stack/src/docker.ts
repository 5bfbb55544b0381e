import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a `docker` command and answers its output. Throws with what docker said. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await execute('docker', args, { timeout: 60_000 });
  return stdout.trim();
}

/** True when the Docker daemon answers; having the command alone says nothing. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await execute('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}
