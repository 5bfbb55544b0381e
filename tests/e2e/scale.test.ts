import { startPayfan, waitFor, type Payfan } from '@payfan/stack/testing';
import { inbox, outside } from './people.ts';

let payfan: Payfan;
beforeAll(async () => {
  payfan = await startPayfan();
});
afterAll(() => payfan.stop());

/** What an instance has sent, by its own count. */
async function sentBy(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^deliveries_total\{.*outcome="sent".*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

test('three email services share one queue: each does a part, and together they tell everybody once', async () => {
  const people = outside(payfan);
  const others = [await payfan.startAnother('email'), await payfan.startAnother('email')];
  const urls = [payfan.url('email'), ...others.map(({ url }) => url)];
  const shares = () => Promise.all(urls.map(sentBy));
  const transfers: string[] = [];
  // A service that is ready may still be about to consume, and misses the first ones then.
  await waitFor(
    async () => {
      const made = Array.from({ length: 90 }, async () => (await people.pay(100, { note: '' })).body.id);
      transfers.push(...(await Promise.all(made)));
      await Promise.all(transfers.map((id) => people.everybodyTold(id)));
      return Math.min(...(await shares())) > 0;
    },
    { what: 'mails sent by each service' },
  );
  const mails = 2 * transfers.length;
  const ids = (await inbox(payfan)).map(({ Content }) => Content.Headers['Message-ID']?.[0]);
  expect(ids).toHaveLength(mails);
  expect(new Set(ids).size).toBe(mails);
  // A service counts a mail after it has recorded it.
  await waitFor(async () => (await shares()).reduce((sum, share) => sum + share, 0) >= mails, {
    what: 'every mail being counted',
  });
  expect((await shares()).reduce((sum, share) => sum + share, 0)).toBe(mails);
});

test('SIGTERM in the middle of a crowd: each service exits 0, and whoever is left tells everybody once', async () => {
  const people = outside(payfan);
  const before = (await inbox(payfan)).length;
  const paying = Promise.all(Array.from({ length: 60 }, async () => (await people.pay(100)).body.id));
  await waitFor(async () => (await inbox(payfan)).length > before + 4, {
    what: 'the first mails',
  });
  expect(await payfan.program('email').stop()).toEqual({ code: 0, signal: null });
  const transfers = await paying;
  for (const service of ['push', 'phone', 'transaction', 'operations']) {
    expect(await payfan.program(service).stop()).toEqual({ code: 0, signal: null });
    await payfan.restart(service);
  }
  await payfan.restart('email');
  await Promise.all(transfers.map((id) => people.everybodyTold(id)));
  const ids = (await inbox(payfan)).map(({ Content }) => Content.Headers['Message-ID']?.[0]);
  expect(ids).toHaveLength(before + 120);
  expect(new Set(ids).size).toBe(ids.length);
});
