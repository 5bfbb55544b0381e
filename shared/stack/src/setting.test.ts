import { bindAddress, localHost, setting, settingsOf, settingsOfAll } from './setting.ts';

test('a variable that is set to nothing is not set', () => {
  expect(setting('AMQP_URL', { AMQP_URL: '' })).toBeUndefined();
  expect(setting('AMQP_URL', { AMQP_URL: 'amqp://here' })).toBe('amqp://here');
});

const env = {
  CONCURRENCY: '1',
  EMAIL_CONCURRENCY: '80',
  EMAIL_DELIVERY_DAYS: '',
  EMAIL_PORT: '14043',
  GATEWAY_BUFFER_BYTES: '4096',
  GATEWAY_2_BUFFER_BYTES: '8192',
  PAYOUT_WORKER_PREMIUM_CONCURRENCY: '8',
};

test.each([
  ['email', { CONCURRENCY: '80' }],
  ['phone', {}],
  ['payout-worker-premium', { CONCURRENCY: '8' }],
])('%s gets what is said of it under its name, and no port', (service, settings) => {
  expect(settingsOf(service, env)).toEqual(settings);
});

test('a copy gets what is said of the first, unless it is said of the copy', () => {
  expect(settingsOf('gateway', env)).toMatchObject({ BUFFER_BYTES: '4096' });
  expect(settingsOf('gateway-2', env)).toMatchObject({ BUFFER_BYTES: '8192' });
  expect(settingsOf('gateway-3', env)).toMatchObject({ BUFFER_BYTES: '4096' });
});

test('some settings are handed to every service as they are', () => {
  const given = { METRICS_TOKEN: 'abc', API_DOCS: '', CONCURRENCY: '1' };
  expect(settingsOfAll(given)).toEqual({ METRICS_TOKEN: 'abc' });
});

test.each([
  [undefined, '127.0.0.1', '127.0.0.1'],
  ['', '127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0', '127.0.0.1'],
  ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
  ['::', '::', '[::1]'],
  ['2001:db8::7', '2001:db8::7', '[2001:db8::7]'],
])('with PAYFAN_BIND=%s programs listen on %s and are found at %s', (given, bind, host) => {
  const env = given === undefined ? {} : { PAYFAN_BIND: given };
  expect([bindAddress(env), localHost(env)]).toEqual([bind, host]);
});

test('an address that is none stops the start with a sentence', () => {
  expect(() => bindAddress({ PAYFAN_BIND: 'all' })).toThrow(
    'PAYFAN_BIND must be an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all interfaces, but it is "all".',
  );
});
