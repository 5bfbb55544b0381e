import { findUser } from './users.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/bash
rabbitmq:x:106:112:RabbitMQ messaging server,,,:/var/lib/rabbitmq:/usr/sbin/nologin
broken:x:
`;

test('finds the ids of a user in /etc/passwd', () => {
  expect(findUser(PASSWD, 'rabbitmq')).toEqual({ uid: 106, gid: 112 });
  expect(findUser(PASSWD, 'root')).toEqual({ uid: 0, gid: 0 });
});

test('knows no user whose name only begins alike, or whose line is broken', () => {
  expect(findUser(PASSWD, 'rabbit')).toBeUndefined();
  expect(findUser(PASSWD, 'broken')).toBeUndefined();
});
