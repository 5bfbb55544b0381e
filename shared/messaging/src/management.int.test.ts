import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openManagement, type Management } from './management.ts';

/** How many requests end without an answer, as on a connection that the server closes at that moment. */
let closes = 0;
let requests: string[] = [];
let server: Server;
let management: Management;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.method ?? '');
    if (requests.length <= closes) request.socket.destroy();
    else response.end('{"name":"answered"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  management = openManagement(`http://user:password@127.0.0.1:${(server.address() as AddressInfo).port}`);
});
beforeEach(() => (requests = []));
afterAll(() => void server.close());

test('a request that may be repeated is sent once more when its connection is closed', async () => {
  closes = 1;
  expect(await management.get('vhosts')).toEqual({ name: 'answered' });
  expect(requests).toEqual(['GET', 'GET']);
  requests = [];
  await management.put('vhosts/one');
  expect(requests).toEqual(['PUT', 'PUT']);
});

test('it is not sent a third time', async () => {
  closes = 2;
  await expect(management.get('vhosts')).rejects.toThrow('fetch failed');
  expect(requests).toEqual(['GET', 'GET']);
});

test('a request whose repetition would do more, or be answered otherwise, is sent once', async () => {
  closes = 1;
  await expect(management.post('queues/one/get', { count: 1 })).rejects.toThrow('fetch failed');
  requests = [];
  await expect(management.delete('vhosts/one')).rejects.toThrow('fetch failed');
  expect(requests).toEqual(['DELETE']);
});
