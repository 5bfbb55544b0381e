import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientAddress, rememberRemoteAddresses } from './client-address.ts';

const FORGED = '203.0.113.9';

test('a connection whose address is unknown gives no address, and no entry of the client stands in for it', () => {
  expect(clientAddress(new Headers({ 'x-forwarded-for': FORGED }), 0)).toBeUndefined();
});

describe('of a request to this server', () => {
  let server: Server;
  beforeAll(async () => {
    rememberRemoteAddresses();
    server = createServer((incoming, response) => {
      const headers = new Headers(incoming.headers as Record<string, string>);
      // Later than the request's own event, as in a route handler.
      setImmediate(() => response.end(clientAddress(headers, Number(headers.get('trusted-proxies')))));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const addressFor = (trustedProxies: number, forwarded?: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = {
        'trusted-proxies': trustedProxies,
        ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
      };
      const asking = request({ host: '127.0.0.1', port, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      });
      asking.on('error', reject).end();
    });

  test.each([
    [0, undefined, '127.0.0.1'],
    [0, FORGED, '127.0.0.1'],
    [1, undefined, '127.0.0.1'],
    [1, '192.0.2.7', '192.0.2.7'],
    [1, `${FORGED}, 192.0.2.7`, '192.0.2.7'],
    [2, `${FORGED}, 192.0.2.7,192.0.2.1`, '192.0.2.7'],
    [2, '192.0.2.7', '192.0.2.7'],
  ])('behind %i proxies, forwarded for %j, the client is %s', async (proxies, forwarded, address) => {
    expect(await addressFor(proxies, forwarded)).toBe(address);
  });
});
