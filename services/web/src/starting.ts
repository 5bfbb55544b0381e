import { accessSync, constants } from 'node:fs';
import { ConfigError, config, extraCaFile } from './config.ts';

/** What is wrong with the settings ends the start, with a sentence for each. */
export function checkSettings(): void {
  try {
    config();
    assertCaFileIsReadable(extraCaFile());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Node only warns of a CA file that it cannot read, and then refuses every server. @throws {ConfigError} */
export function assertCaFileIsReadable(file: string | undefined): void {
  if (file === undefined || file === '') return;
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new ConfigError(
      `NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but ${JSON.stringify(file)} cannot be read.`,
    );
  }
}

/** What failed while a page was made: one line, as every service of ours writes it. */
export function logRequestError(error: unknown, { path, method }: { path: string; method: string }): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = { level: 'error', time: new Date().toISOString(), service: 'web', msg: message, method };
  process.stderr.write(`${JSON.stringify({ ...line, path: path.split('?')[0] })}\n`);
}
