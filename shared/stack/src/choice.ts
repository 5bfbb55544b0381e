/** What a machine offers, for the choices below. */
export interface Offers {
  databaseUrl: string | undefined;
  amqpUrl: string | undefined;
  rabbitmqServer: string | undefined;
  docker: boolean;
}

export type PostgresChoice = { kind: 'given'; url: string } | { kind: 'own' };
export type RabbitmqChoice =
  { kind: 'given'; url: string } | { kind: 'own'; script: string } | { kind: 'docker' } | { kind: 'none' };

/** A server that was named; else our own. */
export function choosePostgres({ databaseUrl }: Pick<Offers, 'databaseUrl'>): PostgresChoice {
  return databaseUrl !== undefined ? { kind: 'given', url: databaseUrl } : { kind: 'own' };
}

/** A broker that was named; else the machine's server as a private node; else Docker. */
export function chooseRabbitmq({
  amqpUrl,
  rabbitmqServer,
  docker,
}: Omit<Offers, 'databaseUrl'>): RabbitmqChoice {
  if (amqpUrl !== undefined) return { kind: 'given', url: amqpUrl };
  if (rabbitmqServer !== undefined) return { kind: 'own', script: rabbitmqServer };
  return docker ? { kind: 'docker' } : { kind: 'none' };
}

/** Where tests get Postgres and RabbitMQ from. */
export type TestChoice = 'docker' | 'native';

export class BadInfraSetting extends Error {
  constructor(value: string) {
    super(`PAYFAN_INFRA may be "docker" or "native"; it was "${value}".`);
    this.name = 'BadInfraSetting';
  }
}

export class DockerInsistedOn extends Error {
  constructor() {
    super(
      'PAYFAN_INFRA=docker insists on Docker, and Docker does not answer. Start it, or leave the variable out.',
    );
    this.name = 'DockerInsistedOn';
  }
}

/** Containers where Docker answers, our own processes where it doesn't; `PAYFAN_INFRA` insists on one. */
export function chooseTestInfrastructure(insisted: string | undefined, docker: boolean): TestChoice {
  if (insisted === undefined || insisted === '') return docker ? 'docker' : 'native';
  if (insisted !== 'docker' && insisted !== 'native') throw new BadInfraSetting(insisted);
  if (insisted === 'docker' && !docker) throw new DockerInsistedOn();
  return insisted;
}
