import { BodyTooLarge, readSmallBody } from './small-body.ts';

const request = (body: BodyInit | null) =>
  new Request('http://localhost:3000/session', { method: 'POST', body, duplex: 'half' } as RequestInit);
const signIn = (length: number) => JSON.stringify({ key: 'k'.repeat(length - '{"key":""}'.length) });

test('a body of 1 KB is read, and one that is no JSON is none', async () => {
  expect(await readSmallBody(request(signIn(1_024)))).toEqual({ key: expect.any(String) as string });
  expect(await readSmallBody(request('key'))).toBeUndefined();
  expect(await readSmallBody(request(null))).toBeUndefined();
  expect(await readSmallBody(request(Buffer.from('{"key":"\xff"}', 'latin1')))).toBeUndefined();
});

test('a larger one is refused, and read no further', async () => {
  await expect(readSmallBody(request(signIn(1_025)))).rejects.toBeInstanceOf(BodyTooLarge);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(600));
    },
  });
  await expect(readSmallBody(request(endless))).rejects.toBeInstanceOf(BodyTooLarge);
  expect(pulled).toBeLessThan(10);
});
