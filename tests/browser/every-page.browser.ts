import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '@payfan/stack/testing';
import { source as axe } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { outside } from '../e2e/people.ts';
import { ask, compareTen, settled, startPages, type Pages, type Person, type Visit } from './pages.ts';

const wantsScreenshots = process.env['PAYFAN_SCREENSHOTS'] === 'true';

interface Shown {
  name: string;
  path: string;
  person: Person;
  /** What is there because something has happened. */
  has: (page: Page) => Locator;
}
const toRavi = (page: Page) =>
  page
    .getByRole('region', { name: 'History' })
    .getByRole('button', { name: /Ravi Kumar/ })
    .first();
const deadLetters = (page: Page) => page.getByRole('region', { name: 'Dead letters', exact: true }).first();
const deadLetter = (page: Page) => deadLetters(page).getByRole('row').filter({ hasText: '550' });
const PAGES: readonly Shown[] = [
  { name: 'wallet', path: '/', person: 'Asha Rao', has: toRavi },
  { name: 'compare', path: '/compare', person: 'Asha Rao', has: (page) => page.getByText('Live').first() },
  {
    name: 'payouts',
    path: '/payouts',
    person: 'Asha Rao',
    has: (page) => page.getByRole('region', { name: 'Lines that failed' }),
  },
  { name: 'operations', path: '/operations', person: 'Operator', has: deadLetter },
];

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
  await somethingHappens();
});
afterAll(() => pages.stop());

/** Pages without anything on them fit every phone: a dead letter, a payout that failed in part, and a transfer that was told of. */
async function somethingHappens(): Promise<void> {
  const { payfan } = pages;
  const { call, pay, everybodyTold } = outside(payfan);
  const behave = (behaviour: object) =>
    call(`${payfan.mailApi}/behaviour`, 'demo_operator', { method: 'PUT', body: behaviour });
  const groups = () =>
    call<{ data: unknown[] }>(`${payfan.url('operations')}/v1/dead-letters/groups`, 'demo_operator');
  await behave({ reject: ['ravi@example.com'] });
  await pay(10_000, { note: 'what his mailbox refuses' });
  await waitFor(async () => (await groups()).body.data.length > 0, {
    what: 'a dead letter',
  });
  await behave({});

  const payouts = `${payfan.url('payout')}/v1/payouts`;
  const items = ['7010233312', '9876543210'].map((to) => ({ to, amount: 100, currency: 'INR', note: '' }));
  const { body: payout } = await call<{ id: string }>(payouts, 'demo_asha', {
    method: 'POST',
    headers: { 'idempotency-key': 'every-page' },
    body: { items },
  });
  await waitFor(
    async () => {
      const { body } = await call<{ status: string }>(`${payouts}/${payout.id}`, 'demo_asha');
      return body.status === 'completed_with_failures';
    },
    { what: 'a payout of which a line failed' },
  );

  const { body: transfer } = await pay(10_000);
  await everybodyTold(transfer.id);
}

/** Opens a page, and has it show all that it can. */
async function show(visit: Visit, { name, path: address, person, has }: Shown): Promise<void> {
  const { page } = visit;
  await visit.signIn(person);
  await page.goto(address);
  await settled(visit);
  await has(page).waitFor();
  await settled(visit);
  if (person !== 'Operator') await live(visit).waitFor();
  if (name === 'compare') await compareTen(page);
}

const live = ({ page }: Visit) => page.getByRole('button', { name: 'Live connection: Live', exact: true });

/** Kept in docs/ where that is asked for. */
async function picture({ page }: Visit, name: string): Promise<void> {
  if (!wantsScreenshots) return;
  mkdirSync('docs/screenshots', { recursive: true });
  await page.screenshot({ path: path.join('docs/screenshots', `${name}.png`), animations: 'disabled' });
}

async function seriousFindings(visit: Visit): Promise<string[]> {
  await ask(visit, `${axe}; 0`);
  return ask(
    visit,
    `axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, impact, nodes }) => impact + ' ' + id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`,
  );
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('the way in', async () => {
    const visit = await pages.visit({ colorScheme });
    await visit.page.goto('/');
    await settled(visit);
    await picture(visit, `sign-in-${colorScheme}`);

    expect(await seriousFindings(visit)).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test.each(PAGES)('$name', async (shown) => {
    const visit = await pages.visit({ colorScheme, reducedMotion: 'reduce' });
    await show(visit, shown);
    await picture(visit, `${shown.name}-${colorScheme}`);

    expect(await seriousFindings(visit)).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('what opens over the wallet', async () => {
    const visit = await pages.visit({ colorScheme, reducedMotion: 'reduce' });
    const { page } = visit;
    await visit.signIn('Meera Iyer');
    await live(visit).waitFor();
    const found: Record<string, string[]> = {};
    for (const [button, dialog] of [
      [/^Notifications/, 'Notifications'],
      [/^Account:/, 'Account'],
      [/^Live connection:/, 'Live connection'],
      [/^Treasury/, 'From Treasury'],
    ] as const) {
      await page.getByRole('button', { name: button }).first().click();
      await page.getByRole('dialog', { name: dialog }).waitFor();
      found[dialog] = await seriousFindings(visit);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByLabel('Phone number').fill('7010233310');
    await page.getByLabel('Amount in rupees').fill('1');
    await page.getByRole('button', { name: 'Review' }).click();
    await page.getByRole('dialog', { name: 'Send this?' }).waitFor();
    found['Send this?'] = await seriousFindings(visit);

    expect(Object.entries(found).filter(([, findings]) => findings.length > 0)).toEqual([]);
    expect(Object.keys(found)).toHaveLength(5);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('the timeline of a transfer with all its alerts', async () => {
    const visit = await pages.visit({ colorScheme, reducedMotion: 'reduce' });
    const { page } = visit;
    await visit.signIn('Asha Rao');
    await toRavi(page).click();
    await page.getByRole('dialog', { name: 'To Ravi Kumar' }).waitFor();
    for (const whom of ['payer', 'payee']) {
      const told = page.getByRole('region', { name: `Telling the ${whom}` });
      await told.getByText('sent', { exact: true }).nth(2).waitFor();
    }
    expect(await seriousFindings(visit)).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });

  test('a dead letter and its replay', async () => {
    const visit = await pages.visit({ colorScheme, reducedMotion: 'reduce' });
    const { page } = visit;
    await visit.signIn('Operator');
    await page.goto('/operations');
    await deadLetter(page).getByRole('button', { name: 'Replay…' }).click();
    const replay = page.getByRole('dialog', { name: 'Replay dead letters' });
    await replay.getByText('Dry run:').waitFor();
    const found = await seriousFindings(visit);
    await page.keyboard.press('Escape');
    await replay.waitFor({ state: 'detached' });

    await deadLetter(page).getByRole('button', { name: 'Show' }).click();
    await deadLetters(page)
      .getByRole('button', { name: /^email-\d+$/ })
      .click();
    const letter = page.getByRole('dialog', { name: /^Dead letter email-\d+$/ });
    await letter.getByRole('region', { name: 'Payload' }).waitFor();
    found.push(...(await seriousFindings(visit)));

    expect(found).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });
});

test('every page has a policy that lets no script in, that of an unknown address too', async () => {
  const { page, context } = await pages.visit();
  const policies = new Set<string | undefined>();
  for (const address of [
    ...PAGES.map((shown) => shown.path),
    '/nowhere',
    '/icons',
    '/sessions',
    '/_next/nowhere',
  ]) {
    const answer = await page.goto(address);
    const policy = answer?.headers()['content-security-policy'];
    expect(policy).toMatch(/script-src 'self' 'nonce-[\w+/=]{20,}' 'strict-dynamic';/);
    expect(policy).not.toContain('unsafe');
    policies.add(policy);
  }
  // A nonce that is used twice is none.
  expect(policies.size).toBe(PAGES.length + 4);
  await context.close();
});

test('the way in fits a phone of 360 px', async () => {
  const visit = await pages.visit({ viewport: { width: 360, height: 740 } });
  await visit.page.goto('/');
  await settled(visit);
  expect(await ask(visit, 'document.documentElement.scrollWidth')).toBe(360);
  await visit.context.close();
});

test.each(PAGES)('$name fits a phone of 360 px', async (shown) => {
  const visit = await pages.visit({ viewport: { width: 360, height: 740 } });
  await show(visit, shown);
  if (shown.name === 'wallet') await picture(visit, 'wallet-phone');

  expect(await ask(visit, 'document.documentElement.scrollWidth')).toBe(360);
  await visit.context.close();
});

interface Seen {
  lcp: number;
  cls: number;
}
/** Notes in the page, from its first moment, when its largest part was painted and by how much all moved. */
const WATCH = `globalThis.seen = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => { for (const { startTime } of list.getEntries()) seen.lcp = startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) seen.cls += value; })
    .observe({ type: 'layout-shift', buffered: true });`;
/** The fastest of so many loads is what the page takes: what else the machine is doing only adds to it. */
const LOADS = 5;
/** Moves all of the page, and says what the watch made of it when it has seen it. */
const PUSH_DOWN = `new Promise((resolve) => {
  const before = seen.cls;
  const tall = document.createElement('div');
  tall.style.height = '300px';
  document.body.prepend(tall);
  const look = () => (seen.cls > before ? resolve(seen.cls) : requestAnimationFrame(look));
  look();
})`;

test('the wallet loads at most 200 KB of JavaScript, shows itself within a second and stays where it is', async () => {
  const visit = await pages.visit();
  await visit.signIn('Asha Rao');
  await visit.page.goto('about:blank');
  await visit.context.addInitScript({ content: WATCH });
  const devtools = await visit.context.newCDPSession(visit.page);
  const scripts = new Map<string, number>();
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  devtools.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script') scripts.set(requestId, 0);
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scripts.set(requestId, encodedDataLength);
  });

  const load = async () => {
    await visit.page.goto('/');
    await settled(visit);
    await live(visit).waitFor();
    return ask<Seen>(visit, 'seen');
  };
  const loads = [await load()];
  const kilobytes = [...scripts.values()].reduce((sum, size) => sum + size, 0) / 1024;
  while (loads.length < LOADS) loads.push(await load());
  const lcp = Math.min(...loads.map((seen) => seen.lcp));
  const cls = Math.max(...loads.map((seen) => seen.cls));
  process.stderr.write(
    `The wallet: ${kilobytes.toFixed(1)} KB of JavaScript, LCP ${lcp.toFixed(0)} ms, CLS ${cls.toFixed(3)}\n`,
  );

  expect(scripts.size).toBeGreaterThan(0);
  expect(kilobytes).toBeLessThanOrEqual(200);
  expect(loads.map((seen) => seen.lcp)).not.toContain(0);
  expect(lcp).toBeLessThan(1000);
  expect(cls).toBeLessThan(0.05);
  // A meter that sees nothing would be content with everything.
  expect(await ask(visit, PUSH_DOWN)).toBeGreaterThan(cls);
  await visit.context.close();
});
