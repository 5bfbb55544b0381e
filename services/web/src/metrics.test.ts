import { answerMetrics } from './metrics.ts';

const ask = (metricsToken?: string, authorization?: string) =>
  answerMetrics(
    new Request('http://web/metrics', { headers: authorization === undefined ? {} : { authorization } }),
    metricsToken,
  );

test('everyone may read the metrics where no token is set', async () => {
  expect(await (await ask()).text()).toContain('process_cpu_seconds_total');
});

test('where one is set, readers that send it may', async () => {
  expect(await (await ask('abc', 'Bearer abc')).text()).toContain('process_cpu_seconds_total');
});

test.each([undefined, 'Bearer ab', 'Bearer abcd', 'Basic abc', 'abc'])('%s is refused', async (sent) => {
  const answer = await ask('abc', sent);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
  expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
});
