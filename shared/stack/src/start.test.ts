import { welcome } from './start.ts';

const stack = {
  services: { transaction: { url: 'http://localhost:4000', pid: 1 } },
  infrastructure: {
    postgres: { url: 'postgres://localhost:5432/payfan' },
    rabbitmq: { url: 'amqp://localhost', managementUrl: 'http://localhost:15672' },
    mail: { smtp: 'smtp://localhost:1025' },
    sms: { url: 'http://localhost:8026' },
    webPush: { url: 'http://localhost:8026' },
  },
};

test('a start on throw-away data says that the data is not durable, and a usual one that it stays', () => {
  const shown = (throwAway: boolean) =>
    welcome(stack, { logs: '/tmp/logs', throwAway }, { webFollows: false, demo: true });
  expect(shown(true)).toContain("not durable until then: Payfan's own PostgreSQL runs without fsync");
  expect(shown(false)).toContain('Data stays for the next start');
});
