import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './paths.ts';

/** Neither a broker nor a way to one. */
export class NoRabbitmq extends Error {
  constructor() {
    super(readFileSync(path.join(repository, 'shared/stack/bin/no-rabbitmq.txt'), 'utf8').trimEnd());
    this.name = 'NoRabbitmq';
  }
}

/** The start scripts, best first: Debian's one in /usr/sbin insists on its own users and folders. */
function rabbitmqCandidates(PATH: string): string[] {
  const folders = [
    '/usr/lib/rabbitmq/bin',
    '/opt/homebrew/sbin',
    '/usr/local/sbin',
    ...PATH.split(path.delimiter).filter((folder) => folder !== ''),
  ];
  return folders.map((folder) => path.join(folder, 'rabbitmq-server'));
}

/** The machine's RabbitMQ, as the path of its start script. */
export function findRabbitmqServer(): string | undefined {
  return rabbitmqCandidates(process.env.PATH ?? '').find((script) => {
    try {
      accessSync(script, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
