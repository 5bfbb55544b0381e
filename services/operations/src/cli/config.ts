import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What the environment says to the command line. */
export interface CliConfig {
  /** An operator's key. */
  key: string | undefined;
  colours: boolean;
}

/** An empty variable counts as none. */
export function cliConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  return {
    key: env['PAYFAN_KEY'] === '' ? undefined : env['PAYFAN_KEY'],
    colours: !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  };
}

/** Where `npm start` of this work tree writes down what it runs; the same from `src` and from `dist`. */
const STACK_FILE = fileURLToPath(new URL('../../../../.payfan/stack.json', import.meta.url));

/** Services that the command line asks, and where each usually answers. */
export const DEFAULT_URLS = {
  operations: 'http://127.0.0.1:4030',
  transaction: 'http://127.0.0.1:4000',
} as const;
export type AskedService = keyof typeof DEFAULT_URLS;

const Stack = z.object({
  services: z.partialRecord(z.string(), z.object({ url: z.url(), pid: z.int() })),
});

/** Where a service answers: as the stack that runs here says, else where it usually does. */
export function serviceUrl(service: AskedService, stackFile: string = STACK_FILE): string {
  const usual = DEFAULT_URLS[service];
  try {
    const running = Stack.parse(JSON.parse(readFileSync(stackFile, 'utf8'))).services[service];
    return running !== undefined && isRunning(running.pid) ? running.url : usual;
  } catch {
    return usual;
  }
}

/** A stack that was killed leaves its file behind. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The demo's operator, whose key everybody knows: it is right for what runs on this machine only. */
const DEMO_KEY = 'demo_operator';

/** The key to use where none is given: none at all for a machine elsewhere. */
export function usualKey(url: URL): string | undefined {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname) ? DEMO_KEY : undefined;
}
