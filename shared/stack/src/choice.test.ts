import {
  BadInfraSetting,
  choosePostgres,
  chooseRabbitmq,
  chooseTestInfrastructure,
  DockerInsistedOn,
} from './choice.ts';

test('Postgres: the named server, else our own', () => {
  expect(choosePostgres({ databaseUrl: 'postgres://a' })).toEqual({ kind: 'given', url: 'postgres://a' });
  expect(choosePostgres({ databaseUrl: undefined })).toEqual({ kind: 'own' });
});

const everything = { amqpUrl: 'amqp://a', rabbitmqServer: '/sbin/rabbitmq-server', docker: true };

test.each([
  [everything, { kind: 'given', url: 'amqp://a' }],
  [
    { ...everything, amqpUrl: undefined },
    { kind: 'own', script: '/sbin/rabbitmq-server' },
  ],
  [{ amqpUrl: undefined, rabbitmqServer: undefined, docker: true }, { kind: 'docker' }],
  [{ amqpUrl: undefined, rabbitmqServer: undefined, docker: false }, { kind: 'none' }],
])('RabbitMQ: the first that there is of named, installed, Docker (%#)', (offers, choice) => {
  expect(chooseRabbitmq(offers)).toEqual(choice);
});

test.each([
  [undefined, true, 'docker'],
  ['', true, 'docker'],
  [undefined, false, 'native'],
  ['native', true, 'native'],
  ['docker', true, 'docker'],
] as const)('tests with PAYFAN_INFRA=%p where Docker answers: %p -> %s', (insisted, docker, choice) => {
  expect(chooseTestInfrastructure(insisted, docker)).toBe(choice);
});

test('insisting on what is not there, or on what is unknown, is an error', () => {
  expect(() => chooseTestInfrastructure('docker', false)).toThrow(DockerInsistedOn);
  expect(() => chooseTestInfrastructure('podman', true)).toThrow(BadInfraSetting);
});
