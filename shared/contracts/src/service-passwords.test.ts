import { PASSWORD_LENGTH_MIN, readServicePasswords, SetupConfigError } from './service-passwords.ts';

const good = 'p'.repeat(PASSWORD_LENGTH_MIN);
const short = 'p'.repeat(PASSWORD_LENGTH_MIN - 1);
const readOf = (services: string[], env: Record<string, string>) =>
  readServicePasswords({ services, variable: 'DB_PASSWORD', holder: 'database role' }, env);
const read = (env: Record<string, string>) => readOf(['push', 'email'], env);

test('each service gets the password that its own variable names', () => {
  expect(
    read({ PUSH_DB_PASSWORD: good, EMAIL_DB_PASSWORD: `${good}2`, PHONE_DB_PASSWORD: 'unused' }),
  ).toEqual({
    push: good,
    email: `${good}2`,
  });
});

test('a hyphen of a name is an underscore of its variable', () => {
  expect(readOf(['web-push'], { WEB_PUSH_DB_PASSWORD: good })).toEqual({ 'web-push': good });
});

test.each([[{}], [{ PAYFAN_DEMO: 'true' }]])(
  'one sentence names every missing variable and what it may be, also in a demo: %j',
  (env) => {
    expect(() => read(env)).toThrow(SetupConfigError);
    expect(() => read(env)).toThrow(/missing: PUSH_DB_PASSWORD, EMAIL_DB_PASSWORD\..*at least 16 characters/);
    expect(() => read({ ...env, PUSH_DB_PASSWORD: good, EMAIL_DB_PASSWORD: '' })).toThrow(
      /missing: EMAIL_DB_PASSWORD\./,
    );
  },
);

test.each([undefined, 'false', 'yes'])('with PAYFAN_DEMO=%s weak passwords are named and refused', (demo) => {
  const rest = demo === undefined ? {} : { PAYFAN_DEMO: demo };
  const weak = (push: string) => () => read({ ...rest, PUSH_DB_PASSWORD: push, EMAIL_DB_PASSWORD: good });
  expect(weak(short)).toThrow(/too weak: PUSH_DB_PASSWORD\./);
  expect(weak('push')).toThrow(/too weak: PUSH_DB_PASSWORD\./);
  // A long name does not make a password of itself.
  const named = { [`${good.toUpperCase()}_DB_PASSWORD`]: good, ...rest };
  expect(() => readOf([good], named)).toThrow('too weak');
});

test('no message shows a password', () => {
  let message = '';
  try {
    read({ PUSH_DB_PASSWORD: 'hunter2', EMAIL_DB_PASSWORD: good });
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('PUSH_DB_PASSWORD');
  expect(message).not.toMatch(`hunter2|${good}`);
});

test('a demo may have weak passwords', () => {
  const env = { PAYFAN_DEMO: 'true', PUSH_DB_PASSWORD: 'push', EMAIL_DB_PASSWORD: 'e' };
  expect(read(env)).toEqual({ push: 'push', email: 'e' });
});
