import { setting, settingsOf } from './setting.ts';

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
