import type { Copies } from './copies.ts';
import { demo } from './demo.ts';
import type { Progress } from './progress.ts';
import { reset } from './reset.ts';
import { start } from './start.ts';
import type { WebBuild } from './start-web.ts';
import { Stopping } from './supervisor.ts';

const commands = { start, demo, reset };
export type Command = keyof typeof commands;

/** Errors whose message says all there is to say; of others the stack is worth seeing. */
const isOurs = (error: Error) =>
  error.name !== 'Error' && !(error instanceof TypeError) && !(error instanceof RangeError);

/** Runs a command of `bin/payfan.mjs` to its end, and answers the exit code. Only `start` knows copies and the web. */
export async function runCommand(
  command: Command,
  progress: Progress,
  copies: Copies = {},
  webBuild?: WebBuild,
): Promise<number> {
  // The terminal may be gone before we are; that must not keep us from stopping what we started.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    return await commands[command](progress, copies, webBuild);
  } catch (error) {
    if (error instanceof Stopping) return 0;
    const text = error instanceof Error ? (isOurs(error) ? error.message : error.stack) : String(error);
    process.stderr.write(`\n${text}\n`);
    return 1;
  }
}
