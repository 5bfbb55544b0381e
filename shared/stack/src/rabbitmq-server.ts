import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Neither a broker nor a way to one. */
export class NoRabbitmq extends Error {
  constructor() {
    super(
      `RabbitMQ is needed and none was found. Any one of these will do:
  - AMQP_URL=amqp://user:password@host:5672 names a broker that runs (and AMQP_MANAGEMENT_URL its
    management API, if that isn't http://host:15672)
  - Docker, running: an image is started
  - rabbitmq-server on the machine: apt-get install rabbitmq-server, brew install rabbitmq
  - on Debian or Ubuntu as root, \`npm start\`, \`npm run demo\` and \`npm test\` install it themselves`,
    );
    this.name = 'NoRabbitmq';
  }
}

/** The start scripts, best first: Debian's one in /usr/sbin insists on its own users and folders. */
export function rabbitmqCandidates(PATH: string): string[] {
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
