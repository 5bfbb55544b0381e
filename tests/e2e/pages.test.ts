import { startPayfan, type Payfan } from '@payfan/stack/testing';

const PAGES = 'http://pages.example';

let payfan: Payfan;
beforeAll(async () => {
  payfan = await startPayfan({
    surroundings: (_service, around) => ({ ...around, pageOrigins: [PAGES] }),
  });
});
afterAll(() => payfan.stop());

const askBefore = (service: string, origin: string) =>
  fetch(`${payfan.url(service)}/v1/anything`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, idempotency-key',
    },
  });

describe.each(['transaction', 'gateway', 'payout', 'operations', 'push', 'phone', 'email'])(
  '%s',
  (service) => {
    test('lets the pages use it', async () => {
      const answer = await askBefore(service, PAGES);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, PAGES]);
    });

    test('lets no other page', async () => {
      const answer = await askBefore(service, 'http://evil.example');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });
  },
);
