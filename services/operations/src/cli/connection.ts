import type { Command } from 'commander';
import { DEFAULT_URLS, serviceUrl, type AskedService, type CliConfig } from './config.ts';
import { OperationsClient } from './operations-client.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command has. */
export interface CommonOptions {
  json?: true;
  url?: string;
  key?: string;
}

/** What a command works with. */
export interface Around {
  terminal: Terminal;
  config: CliConfig;
  /** Ends the command with this code instead of 0. */
  exitWith: (code: number) => void;
}

export function withCommonOptions(command: Command, service: AskedService = 'operations'): Command {
  return command
    .option('--json', 'print JSON, as the API answers it')
    .option(
      '--url <url>',
      `where ${service} answers (default: the stack that runs here, else ${DEFAULT_URLS[service]})`,
    )
    .option('--key <key>', "an operator's key (default: PAYFAN_KEY; on this machine the demo's operator)");
}

export const connect = (around: Around, options: CommonOptions): OperationsClient =>
  connectTo('operations', around, options);

export function connectTo(
  service: AskedService,
  { config }: Around,
  { url, key }: CommonOptions,
): OperationsClient {
  return new OperationsClient({ service, url: url ?? serviceUrl(service), key: key ?? config.key });
}

/** Says whose share is missing; what is not whole is no success. */
export function sayUnavailable({ terminal, exitWith }: Around, unavailable: readonly string[]): void {
  if (unavailable.length === 0) return;
  terminal.note(`Without ${unavailable.join(', ')}: no answer at the moment.`);
  exitWith(1);
}
