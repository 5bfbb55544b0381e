import { z } from 'zod';
import { ConfigError, configFields, readConfig } from './config.ts';

const Schema = z.object({
  PORT: configFields.port(4000),
  LOG_LEVEL: configFields.logLevel,
  DATABASE_URL: configFields.databaseUrl,
  AMQP_URL: configFields.amqpUrl,
  TRANSACTION_URL: configFields.httpUrl('http://127.0.0.1:4000'),
  SMTP_URL: configFields.url({ schemes: ['smtp', 'smtps'], default: 'smtp://127.0.0.1:1025' }),
  PAYFAN_DEMO: configFields.flag(),
  WORKERS: configFields.integer({ min: 1, max: 64, default: 4 }),
  MAIL_FROM: configFields.text('Payfan <no-reply@payfan.example>'),
});

const REQUIRED = { DATABASE_URL: 'postgres://me:pw@db/payfan', AMQP_URL: 'amqp://guest:guest@rabbit' };

function messageOf(env: Record<string, string>): string {
  try {
    readConfig(Schema, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('accepted');
}

test('has defaults, and counts empty and blank as unset', () => {
  expect(readConfig(Schema, { ...REQUIRED, PORT: '', LOG_LEVEL: '  ', UNRELATED: 'x' })).toEqual({
    PORT: 4000,
    LOG_LEVEL: 'info',
    DATABASE_URL: 'postgres://me:pw@db/payfan',
    AMQP_URL: ['amqp://guest:guest@rabbit'],
    TRANSACTION_URL: 'http://127.0.0.1:4000',
    SMTP_URL: 'smtp://127.0.0.1:1025',
    PAYFAN_DEMO: false,
    WORKERS: 4,
    MAIL_FROM: 'Payfan <no-reply@payfan.example>',
  });
});

test('parses what is given', () => {
  const config = readConfig(Schema, {
    ...REQUIRED,
    PORT: '0',
    AMQP_URL: 'amqp://a, amqps://u:p@b:5671/vhost',
    PAYFAN_DEMO: 'true',
    WORKERS: ' 64 ',
  });
  expect(config).toMatchObject({
    PORT: 0,
    AMQP_URL: ['amqp://a', 'amqps://u:p@b:5671/vhost'],
    PAYFAN_DEMO: true,
    WORKERS: 64,
  });
});

test.each([
  ['PORT', 'abc', 'PORT must be a whole number from 0 to 65535, but it is "abc".'],
  ['PORT', '65536', 'PORT must be a whole number from 0 to 65535, but it is "65536".'],
  ['PORT', '-1', 'PORT must be a whole number from 0 to 65535, but it is "-1".'],
  ['PORT', '0x10', 'PORT must be a whole number from 0 to 65535, but it is "0x10".'],
  ['PORT', '1.5', 'PORT must be a whole number from 0 to 65535, but it is "1.5".'],
  ['WORKERS', '0', 'WORKERS must be a whole number from 1 to 64, but it is "0".'],
  [
    'LOG_LEVEL',
    'loud',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, but it is "loud".',
  ],
  ['PAYFAN_DEMO', '1', 'PAYFAN_DEMO must be true or false, but it is "1".'],
  [
    'TRANSACTION_URL',
    'ftp://x',
    'TRANSACTION_URL must be a URL that starts with http:// or https://, but it is "ftp://x".',
  ],
  [
    'TRANSACTION_URL',
    'localhost:4000',
    'TRANSACTION_URL must be a URL that starts with http:// or https://, but it is "localhost:4000".',
  ],
  ['SMTP_URL', 'mail', 'SMTP_URL must be a URL that starts with smtp:// or smtps://, but it is "mail".'],
  [
    'DATABASE_URL',
    '',
    'DATABASE_URL must be a URL that starts with postgres:// or postgresql://, but it is not set.',
  ],
  ...[
    'sslmode=require',
    'sslmode=no-verify',
    'sslmode=prefer',
    'ssl=true',
    'sslrootcert=/etc/hosts',
    'sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
    'sslmode=verify-full&sslmode=no-verify',
  ].map((parameters) => [
    'DATABASE_URL',
    `postgres://db/payfan?${parameters}`,
    `DATABASE_URL must say sslmode=verify-full for TLS (and sslrootcert a file that exists, if it names one), or no ssl… at all, but it is "postgres://db/payfan?${parameters}".`,
  ]),
  [
    'AMQP_URL',
    'amqp://a,http://b',
    'AMQP_URL must be a URL that starts with amqp:// or amqps://, or several separated by commas, but it is "amqp://a,http://b".',
  ],
  [
    'AMQP_URL',
    ',',
    'AMQP_URL must be a URL that starts with amqp:// or amqps://, or several separated by commas, but it is ",".',
  ],
])('%s=%s is refused in one sentence', (name, value, sentence) => {
  expect(messageOf({ ...REQUIRED, [name]: value })).toBe(sentence);
});

test('several wrong variables get a sentence each', () => {
  expect(messageOf({ ...REQUIRED, PORT: 'x', WORKERS: 'y' }).split('\n')).toEqual([
    'PORT must be a whole number from 0 to 65535, but it is "x".',
    'WORKERS must be a whole number from 1 to 64, but it is "y".',
  ]);
});

test('what may hold a secret is not shown', () => {
  expect(messageOf({ ...REQUIRED, DATABASE_URL: 'postgres//me:hunter2@db' })).toBe(
    'DATABASE_URL must be a URL that starts with postgres:// or postgresql://, but it is something else (not shown, it may be secret).',
  );
  const Secret = z.object({ SIGNING_KEY: z.string().min(32).describe('at least 32 characters') });
  expect(() => readConfig(Secret, { SIGNING_KEY: 'hunter2' })).toThrow(
    new ConfigError(
      'SIGNING_KEY must be at least 32 characters, but it is something else (not shown, it may be secret).',
    ),
  );
});

test('a number of days for keys is no secret', () => {
  const Days = z.object({ KEY_DAYS: z.coerce.number().min(7).describe('at least 7') });
  expect(() => readConfig(Days, { KEY_DAYS: '3' })).toThrow(
    new ConfigError('KEY_DAYS must be at least 7, but it is "3".'),
  );
});

test('a field without a description falls back on what zod says', () => {
  const Plain = z.object({ NAME: z.string().max(2) });
  expect(() => readConfig(Plain, { NAME: 'abc' })).toThrow(/^NAME is wrong \(.*2.*\), but it is "abc"\.$/);
});

test.each([
  '',
  '?sslmode=verify-full',
  '?options=-c%20jit%3Don',
  `?sslmode=verify-full&sslrootcert=${__filename}`,
])('a database is reached by verified TLS or by none: %s', (parameters) => {
  const DATABASE_URL = `postgres://db/payfan${parameters}`;
  expect(readConfig(Schema, { ...REQUIRED, DATABASE_URL }).DATABASE_URL).toBe(DATABASE_URL);
});
