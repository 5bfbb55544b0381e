import { apiConfig, workerConfig } from './config.ts';

const kept = { ...process.env };
afterEach(() => {
  process.env = { ...kept };
});
const inEnvironment = (variables: Record<string, string>) => {
  process.env = { DATABASE_URL: 'postgres://db', AMQP_URL: 'amqp://mq', SERVICE_KEY: 'k', ...variables };
};

test.each([
  ['premium', { PORT: 4021, CONCURRENCY: 4, HELPS_FREE: false }],
  ['free', { PORT: 4022, CONCURRENCY: 1, HELPS_FREE: false }],
])('a worker of the lane %s has its port and its size', (LANE, expected) => {
  inEnvironment({ LANE });
  expect(workerConfig()).toMatchObject(expected);
  inEnvironment({ LANE, PORT: '5000', CONCURRENCY: '9', HELPS_FREE: 'true' });
  expect(workerConfig()).toMatchObject({ PORT: 5000, CONCURRENCY: 9, HELPS_FREE: true });
});

test('what is wrong is said in a sentence each', () => {
  inEnvironment({ CONCURRENCY: '0' });
  expect(() => workerConfig()).toThrow(
    /LANE must be premium or free, but it is not set.*CONCURRENCY must be a whole number from 1 to 100, but it is "0"/s,
  );
  inEnvironment({ CHUNK_ITEMS: '501' });
  expect(() => apiConfig()).toThrow(/CHUNK_ITEMS must be a whole number from 1 to 500/);
});
