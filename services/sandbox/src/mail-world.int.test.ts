import { once } from 'node:events';
import { connect } from 'node:net';
import { createHealth, createLogger } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { createTransport } from 'nodemailer';
import { mailWorld } from './mail-world.ts';
import { MAX_MAIL_BYTES } from './smtp-inbox.ts';
import type { SendMailOptions } from 'nodemailer';
import type { MailMessage } from './mail-message.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The mail server on free ports. `dice` is what random() gives. */
async function startWorld() {
  const settings = { dice: 0 };
  let ids = 0;
  const world = mailWorld({
    logger: createLogger({ service: 'sandbox', level: 'silent' }),
    health: createHealth({}),
    now: Date.now,
    random: () => settings.dice,
    newId: () => `id-${(ids += 1)}`,
    smtpPort: 0,
    httpPort: 0,
  });
  const stop = async () => {
    for (const part of [...world.parts].reverse()) await part.stop();
  };
  stops.push(stop);
  for (const part of world.parts) await part.start();
  const url = `http://127.0.0.1:${world.http.port}`;
  const smtpPort = world.smtp.port;
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort });
  stops.push(() => transport.close());

  const get = async (path: string) => fetch(`${url}${path}`);
  return {
    settings,
    stop,
    url,
    smtpPort,
    get,
    send: (mail: SendMailOptions = {}) =>
      transport.sendMail({ from: 'payfan@example.com', to: 'asha@example.com', text: 'Hello', ...mail }),
    behave: async (behaviour: object) => {
      const answer = await fetch(`${url}/behaviour`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(behaviour),
      });
      expect(answer.status).toBe(200);
    },
    list: async (query = '') =>
      (await (await get(`/api/v2/messages${query}`)).json()) as { total: number; items: MailMessage[] },
    /** Outcomes and status codes, oldest first. */
    attempts: async (query = '') => {
      const { data } = (await (await get(`/attempts${query}`)).json()) as {
        data: { to: string; outcome: string; status: number | null }[];
      };
      return data.map(({ to, outcome, status }) => [to, outcome, status]);
    },
  };
}

test('a mail is there for MailHog’s API, and on a page that runs none of it', async () => {
  const { send, list, get } = await startWorld();
  await send({
    messageId: '<d-1@payfan>',
    to: { name: 'Asha "A" <Rao>', address: 'asha@example.com' },
    subject: '₹100 <img src=x onerror=alert(1)>',
    text: 'Paid </pre><script>alert(2)</script>',
    html: '<b>Paid</b><script>alert(3)</script>',
    attachments: [{ filename: '"><script>alert(4)</script>.txt', content: 'x' }],
  });

  const { total, items } = await list();
  expect(total).toBe(1);
  expect(items[0]).toMatchObject({
    ID: 'id-1@sandbox.payfan',
    From: { Mailbox: 'payfan', Domain: 'example.com' },
    To: [{ Mailbox: 'asha', Domain: 'example.com' }],
    Content: { Headers: { 'Message-ID': ['<d-1@payfan>'] } },
  });
  expect(items[0]!.MIME!.Parts.map((part) => part.Headers['Content-Type']?.[0])).toEqual([
    expect.stringMatching('multipart/alternative'),
    expect.stringMatching('text/plain'),
    undefined,
  ]);
  expect(await (await get('/attempts?reference=%3Cd-1@payfan%3E')).json()).toMatchObject({
    data: [{ reference: 'd-1@payfan', outcome: 'stored', status: 250 }],
  });

  for (const path of ['/', '/?kind=containing&query=%22%3E%3Cscript%3E', '/mail/id-1%40sandbox.payfan']) {
    const page = await get(path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self'");
    const markup = await page.text();
    expect(markup).not.toMatch(/<script(?! src="\/assets\/page\.js" defer><\/script>)/);
    expect(markup).not.toContain('<img');
  }
  const page = await (await get('/mail/id-1%40sandbox.payfan')).text();
  expect(page).toContain('₹100 &lt;img src=x onerror=alert(1)&gt;');
  expect(page).toContain('<iframe sandbox="" src="/mail/id-1%40sandbox.payfan/html"');
  const frame = await get('/mail/id-1%40sandbox.payfan/html');
  expect(frame.headers.get('content-security-policy')).toMatch(/^default-src 'none'.*; sandbox$/);
  expect(await frame.text()).toContain('<b>Paid</b>');
});

test('the inbox shows whom a mail went to, so that a header that slipped in would be seen', async () => {
  const { send, list } = await startWorld();
  const slip = '\r\nBcc: evil@example.com\r\n\r\ninjected';
  await send({
    to: { name: `Asha${slip}`, address: 'asha@example.com' },
    subject: `Credit${slip}`,
    headers: { 'X-Note': `lunch${slip}` },
  });
  const { items } = await list();
  expect(items.map(({ Raw }) => Raw.To)).toEqual([['asha@example.com']]);
  expect(Object.keys(items[0]!.Content.Headers).map((name) => name.toLowerCase())).not.toContain('bcc');
  expect(items[0]!.Content.Body).toBe('Hello\r\n');
});

test('failRate refuses for now, by the dice', async () => {
  const { send, behave, list, attempts, settings } = await startWorld();
  await behave({ failRate: 0.5 });
  settings.dice = 0.4;
  await expect(send()).rejects.toMatchObject({ responseCode: 451 });
  settings.dice = 0.6;
  await send();
  expect((await list()).total).toBe(1);
  expect(await attempts()).toEqual([
    ['asha@example.com', 'failed', 451],
    ['asha@example.com', 'stored', 250],
  ]);
});

test('reject refuses some for good, and the others of the same mail get it', async () => {
  const { send, behave, list, attempts } = await startWorld();
  await behave({ reject: ['Ravi@example.com'] });
  const sent = await send({ to: ['ravi@example.com', 'asha@example.com'] });
  expect([sent.accepted, sent.rejected]).toEqual([['asha@example.com'], ['ravi@example.com']]);
  expect((await list()).items.map(({ Raw }) => Raw.To)).toEqual([['asha@example.com']]);
  await behave({ reject: true });
  await expect(send()).rejects.toMatchObject({ responseCode: 550 });
  expect(await attempts('?outcome=rejected')).toEqual([
    ['ravi@example.com', 'rejected', 550],
    ['asha@example.com', 'rejected', 550],
  ]);
});

test('hang cuts the line after its time without an answer, and the mail is stored', async () => {
  const { send, behave, list, attempts } = await startWorld();
  await behave({ hang: 20 });
  const refusal = send();
  await expect(refusal).rejects.toThrow(/close|reset/i);
  await expect(refusal).rejects.not.toHaveProperty('responseCode');
  expect(await attempts()).toEqual([['asha@example.com', 'hung', null]]);
  await behave({});
  await send();
  expect((await list()).total).toBe(2);
});

test('a line that hangs, and an answer that is late, do not outlive the server', async () => {
  const { send, behave, list, stop } = await startWorld();
  await behave({ hang: true });
  const hung = send().catch((error: unknown) => error);
  await waitFor(async () => (await list()).total === 1, { what: 'storing' });
  await behave({ delayMs: 600_000 });
  const late = send();
  await waitFor(async () => (await list()).total === 2, { what: 'storing' });

  await stop();
  expect(await hung).toBeInstanceOf(Error);
  expect((await late).response).toMatch(/^250 /);
});

test('what is too large is refused and leaves no trace but its attempt', async () => {
  const { send, list, attempts } = await startWorld();
  await expect(send({ text: 'x'.repeat(MAX_MAIL_BYTES) })).rejects.toMatchObject({ responseCode: 552 });
  expect((await list()).total).toBe(0);
  await send();
  expect((await attempts()).at(-1)).toEqual(['asha@example.com', 'stored', 250]);
});

test('a client that leaves in the middle of a mail is none', async () => {
  const { smtpPort, list, send } = await startWorld();
  const socket = connect(smtpPort, '127.0.0.1');
  let heard = '';
  socket.on('data', (data: Buffer) => (heard += data.toString()));
  const heardCode = (code: string) =>
    waitFor(() => Promise.resolve(heard.includes(code)), { what: `answer ${code}` });
  await heardCode('220 ');
  socket.write('EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  await heardCode('354 ');
  socket.write('Subject: half\r\n\r\nha');
  socket.destroy();
  await once(socket, 'close');
  await send({ subject: 'whole' });
  expect((await list()).items.map(({ Content }) => Content.Headers['Subject'])).toEqual([['whole']]);
});

test('lists in pages, searches, and deletes one or all', async () => {
  const { send, get, list, url } = await startWorld();
  for (const name of ['asha', 'ravi', 'meera']) await send({ to: `${name}@example.com`, subject: name });
  const subjects = async (path: string) => {
    const { total, count, start, items } = (await (await get(path)).json()) as {
      total: number;
      count: number;
      start: number;
      items: MailMessage[];
    };
    return [total, count, start, items.flatMap(({ Content }) => Content.Headers['Subject'] ?? [])];
  };
  expect(await subjects('/api/v2/messages?limit=2')).toEqual([3, 2, 0, ['meera', 'ravi']]);
  expect(await subjects('/api/v2/messages?start=2&limit=2&_=cachebuster')).toEqual([3, 1, 2, ['asha']]);
  expect(await subjects('/api/v2/search?kind=to&query=RAVI')).toEqual([1, 1, 0, ['ravi']]);
  expect(await (await get('/?start=1&start=2')).text()).toContain('1–3 of 3');

  const one = `/api/v1/messages/${encodeURIComponent((await list()).items[0]!.ID)}`;
  const file = await get(`${one}/download`);
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="mail.eml"');
  expect(await file.text()).toContain('Subject: meera');
  const remove = async (path: string) => (await fetch(`${url}${path}`, { method: 'DELETE' })).status;
  expect([await remove(one), await remove(one), (await get(one)).status]).toEqual([200, 404, 404]);
  expect(((await (await get('/api/v1/messages')).json()) as unknown[]).length).toBe(2);
  expect(await remove('/api/v1/messages')).toBe(200);
  expect((await list()).total).toBe(0);
});

test.each([
  ['a search for nothing', 'GET', '/api/v2/search', undefined, 400],
  ['a search where there is nothing to search', 'GET', '/api/v2/search?kind=cc&query=x', undefined, 400],
  ['a page before the first', 'GET', '/attempts?after=-1', undefined, 400],
  ['a behaviour beyond its bounds', 'PUT', '/behaviour', '{"failRate":2,"hnag":true}', 400],
  ['broken JSON', 'PUT', '/behaviour', '{"failRate"', 400],
  ['a body beyond reason', 'PUT', '/behaviour', `{"reject":["${'x'.repeat(1_000_000)}"]}`, 413],
  ['a method that the address lacks', 'POST', '/api/v2/messages', '{}', 405],
  ['an unknown address', 'GET', '/api/v2/nothing', undefined, 404],
])('%s is a problem', async (_what, method, path, body, status) => {
  const { url, get } = await startWorld();
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
  expect(await (await get('/behaviour')).json()).toMatchObject({ failRate: 0, hang: false });
});
