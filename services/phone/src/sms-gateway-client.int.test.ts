import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, startLongAnswer, waitFor } from '@payfan/stack/testing';
import { smsGateway } from './sms-gateway-client.ts';

const sms = { to: '+917010233311', body: 'hello' };
const signal = new AbortController().signal;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function gatewayThat(listener: RequestListener) {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return smsGateway(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}
const answers =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

test('sends the message under our reference', async () => {
  const seen: string[] = [];
  const gateway = await gatewayThat((request, response) => {
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => seen.push(`${request.method} ${request.url} ${chunk}`));
    request.on('end', () => answers(201, { id: 'sms_1' })(request, response));
  });
  expect(await gateway.send(sms, { reference: 'e.payer', signal })).toEqual({
    kind: 'sent',
    reference: 'sms_1',
  });
  expect(seen).toEqual([`POST /messages ${JSON.stringify({ reference: 'e.payer', ...sms })}`]);
});

test.each([
  [200, 'sent'],
  [201, 'sent'],
  [400, 'rejected'],
  [409, 'rejected'],
  [422, 'rejected'],
  [401, 'failed'],
  [404, 'failed'],
  [408, 'failed'],
  [429, 'failed'],
  [500, 'failed'],
  [503, 'failed'],
])('status %i is %s', async (status, kind) => {
  const gateway = await gatewayThat(answers(status, { id: 'x', code: 'why', detail: 'because' }));
  const result = await gateway.send(sms, { reference: 'r', signal });
  expect(result.kind).toBe(kind);
  if (kind !== 'sent')
    expect(result).toMatchObject({ error: `the gateway answered ${status}: why: because` });
});

test('how long to wait is what the gateway says', async () => {
  const gateway = await gatewayThat(answers(429, {}, { 'retry-after': '120' }));
  expect(await gateway.send(sms, { reference: 'r', signal })).toMatchObject({
    kind: 'failed',
    retryAfterMs: 120_000,
  });
});

test('nobody listening is a failure; a connection that breaks after the request is not known', async () => {
  const nobody = smsGateway(`http://127.0.0.1:${await freePort()}`);
  expect((await nobody.send(sms, { reference: 'r', signal })).kind).toBe('failed');
  const gateway = await gatewayThat((request) => request.socket.destroy());
  expect((await gateway.send(sms, { reference: 'r', signal })).kind).toBe('unknown');
});

test('asked about a reference, it knows, does not know, or cannot tell', async () => {
  const known = await gatewayThat(answers(200, { id: 'sms_7' }));
  expect(await known.lookup?.({ reference: 'r', signal })).toEqual({ kind: 'sent', reference: 'sms_7' });
  server?.close();
  const unknown = await gatewayThat(answers(404));
  expect(await unknown.lookup?.({ reference: 'r', signal })).toEqual({ kind: 'absent' });
  server?.close();
  const broken = await gatewayThat(answers(500));
  await expect(broken.lookup?.({ reference: 'r', signal })).rejects.toThrow('answered 500');
});

describe('a gateway that answers 100 MB', () => {
  async function answeredAtLength<T>(status: number, use: (gateway: ReturnType<typeof smsGateway>) => T) {
    const long = await startLongAnswer(status);
    try {
      const result = await Promise.resolve(use(smsGateway(long.url))).catch(String);
      await waitFor(() => Promise.resolve(long.ends.length === 1), {
        what: 'the answer ending',
      });
      expect(long.ends).toEqual(['cut off']);
      return result;
    } finally {
      await long.stop();
    }
  }

  test.each([
    [201, { kind: 'sent', reference: null }],
    [422, { kind: 'rejected', error: 'the gateway answered 422' }],
    [500, { kind: 'failed', error: 'the gateway answered 500' }],
  ])('is cut off, and its status %i says what became of the message', async (status, result) => {
    expect(
      await answeredAtLength(status, (gateway) => gateway.send(sms, { reference: 'r', signal })),
    ).toEqual(result);
  });

  test.each([
    [200, 'AnswerTooLong: the answer is longer than 65536 bytes'],
    [500, 'Error: the gateway answered 500 when asked about the message'],
  ])('is cut off with the status %i, and what became of the message stays unknown', async (status, error) => {
    expect(await answeredAtLength(status, (gateway) => gateway.lookup?.({ reference: 'r', signal }))).toBe(
      error,
    );
  });

  test('is cut off when it does not know the message', async () => {
    expect(await answeredAtLength(404, (gateway) => gateway.lookup?.({ reference: 'r', signal }))).toEqual({
      kind: 'absent',
    });
  });
});
