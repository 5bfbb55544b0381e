import { readBrokerPasswords } from './broker-passwords.ts';

const STRONG = 'a1b2c3d4e5f6a7b8';

test('every service has its password in a variable of its own', () => {
  const env = { EMAIL_AMQP_PASSWORD: STRONG, WEB_PUSH_AMQP_PASSWORD: `${STRONG}9` };
  expect(readBrokerPasswords(['email', 'web-push'], env)).toEqual({
    email: STRONG,
    'web-push': `${STRONG}9`,
  });
});

test.each([undefined, ''])('a password that is %j is missing, in a demo too, and all are named', (given) => {
  const env = { PAYFAN_DEMO: 'true', EMAIL_AMQP_PASSWORD: given, PHONE_AMQP_PASSWORD: given };
  expect(() => readBrokerPasswords(['email', 'phone'], env)).toThrow(
    /missing: EMAIL_AMQP_PASSWORD, PHONE_AMQP_PASSWORD\./,
  );
});

test.each(['email', 'short'])('outside a demo the password %j is refused', (given) => {
  const env = { EMAIL_AMQP_PASSWORD: given };
  expect(() => readBrokerPasswords(['email'], env)).toThrow(/too weak: EMAIL_AMQP_PASSWORD\./);
  expect(readBrokerPasswords(['email'], { ...env, PAYFAN_DEMO: 'true' })).toEqual({ email: given });
});
