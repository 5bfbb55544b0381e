import { ConfigError, config } from './config.ts';

/** What is wrong with the settings ends the start, with a sentence for each. */
export function checkSettings(): void {
  try {
    config();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** What failed while a page was made: one line, as every service of ours writes it. */
export function logRequestError(error: unknown, { path, method }: { path: string; method: string }): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = { level: 'error', time: new Date().toISOString(), service: 'web', msg: message, method };
  process.stderr.write(`${JSON.stringify({ ...line, path: path.split('?')[0] })}\n`);
}
