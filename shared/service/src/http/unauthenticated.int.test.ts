import { waitFor } from '@payfan/stack/testing';
import { z } from 'zod';
import { createMetrics } from '../metrics.ts';
import { startApi, stopApis } from './testing.ts';

afterEach(stopApis);

test('a request without a valid key is logged with the address of the client, and counted; the key is in no line', async () => {
  const metrics = createMetrics('test');
  const { url, lines } = await startApi(
    (api) =>
      api.route(
        {
          method: 'GET',
          path: '/v1/things/{id}',
          summary: 'A thing',
          auth: 'required',
          params: z.object({ id: z.string() }),
          query: z.object({ token: z.string() }),
          responses: { 200: { description: 'Fine', schema: z.unknown() } },
        },
        () => ({ status: 200, body: null }),
      ),
    {
      metrics,
      http: { trustedProxies: 1 },
      authenticate: (bearer) =>
        Promise.resolve(bearer === 'right' ? { kind: 'operator', name: 'mira' } : undefined),
    },
  );
  const ask = (authorization: string) =>
    fetch(`${url}/v1/things/7?token=hidden`, {
      headers: { authorization, 'x-forwarded-for': '203.0.113.9, 192.0.2.7' },
    });
  const statuses = [await ask('Bearer wrong-key'), await ask('Basic d3Jvbmc='), await ask('Bearer right')];
  expect(statuses.map(({ status }) => status)).toEqual([401, 401, 200]);
  await waitFor(() => Promise.resolve(lines.length >= 3), { what: 'three lines' });
  const refused = {
    level: 'warn',
    method: 'GET',
    route: '/v1/things/{id}',
    status: 401,
    clientIp: '192.0.2.7',
  };
  expect(lines.filter(({ status }) => status === 401)).toMatchObject([refused, refused]);
  expect(lines.find(({ status }) => status === 200)).not.toHaveProperty('clientIp');
  expect(JSON.stringify(lines)).not.toMatch(/wrong|hidden|d3Jvbmc/);
  expect(await metrics.metrics()).toMatch(/^payfan_unauthenticated_total\S* 2$/m);
});
