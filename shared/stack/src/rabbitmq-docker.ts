import { docker } from './docker.ts';
import { images } from './images.ts';
import { startProcess } from './process.ts';
import { isRabbitmqReady, managementUrl, RABBITMQ_PASSWORD, RABBITMQ_USER } from './rabbitmq.ts';
import type { Unit } from './unit.ts';

export interface RabbitmqContainerOptions {
  /** Names the container, and the volume with its data. */
  container: string;
  /** False for throw-away data. */
  keepData: boolean;
  ports: { amqp: number; management: number };
  cwd: string;
  logFile: string;
  runFolder: string;
}

/** RabbitMQ in a container. The process is `docker run` itself, which passes signals on to the broker. */
export function rabbitmqContainerUnit(options: RabbitmqContainerOptions): Unit {
  const { container, ports } = options;
  return {
    name: 'rabbitmq',
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 20_000,
    // The image may have to be pulled first.
    readyTimeoutMs: 600_000,
    async spawn() {
      await removeContainer(container);
      return startProcess({
        name: 'rabbitmq',
        command: 'docker',
        args: containerArguments(options),
        env: process.env,
        cwd: options.cwd,
        logFile: options.logFile,
        runFolder: options.runFolder,
      });
    },
    isReady: () => isRabbitmqReady(ports.amqp, managementUrl(ports.management)),
    // Only left if `docker run` had to be killed.
    cleanUp: () => removeContainer(container),
    reportedPid: async () => Number(await docker('inspect', '--format', '{{.State.Pid}}', container)),
  };
}

export function containerArguments({
  container,
  keepData,
  ports,
}: Omit<RabbitmqContainerOptions, 'logFile'>): string[] {
  return [
    ['run', '--rm', '--name', container],
    // RabbitMQ keeps its data under the name of its host.
    ['--hostname', 'payfan'],
    ['--publish', `127.0.0.1:${ports.amqp}:5672`],
    ['--publish', `127.0.0.1:${ports.management}:15672`],
    ['--env', `RABBITMQ_DEFAULT_USER=${RABBITMQ_USER}`],
    ['--env', `RABBITMQ_DEFAULT_PASS=${RABBITMQ_PASSWORD}`],
    keepData ? ['--volume', `${container}:/var/lib/rabbitmq`] : [],
    [images.rabbitmq],
  ].flat();
}

/** Removes a container of ours; nothing if there is none. */
export async function removeContainer(container: string): Promise<void> {
  await docker('rm', '--force', '--volumes', container).catch(() => undefined);
}
