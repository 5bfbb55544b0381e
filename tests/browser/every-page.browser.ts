import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { source as axe } from 'axe-core';
import { ask, settled, startPages, type Pages, type Person, type Visit } from './pages.ts';

const wantsScreenshots = process.env['PAYFAN_SCREENSHOTS'] === 'true';

interface Shown {
  name: string;
  path: string;
  person: Person;
}
const PAGES: readonly Shown[] = [
  { name: 'wallet', path: '/', person: 'Asha Rao' },
  { name: 'compare', path: '/compare', person: 'Asha Rao' },
  { name: 'payouts', path: '/payouts', person: 'Asha Rao' },
  { name: 'operations', path: '/operations', person: 'Operator' },
];

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

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

  test.each(PAGES)('$name', async ({ name, path: address, person }) => {
    const visit = await pages.visit({ colorScheme, reducedMotion: 'reduce' });
    await visit.signIn(person);
    await visit.page.goto(address);
    await settled(visit);
    if (person !== 'Operator') await live(visit).waitFor();
    await picture(visit, `${name}-${colorScheme}`);

    expect(await seriousFindings(visit)).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });
});

test.each(PAGES)('$name fits a phone of 360 px', async ({ name, path: address, person }) => {
  const visit = await pages.visit({ viewport: { width: 360, height: 740 } });
  await visit.signIn(person);
  await visit.page.goto(address);
  await settled(visit);
  if (name === 'wallet') await picture(visit, 'wallet-phone');

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

  await visit.page.goto('/');
  await settled(visit);
  await live(visit).waitFor();
  const { lcp, cls } = await ask<Seen>(visit, 'seen');
  const kilobytes = [...scripts.values()].reduce((sum, size) => sum + size, 0) / 1024;
  process.stderr.write(
    `The wallet: ${kilobytes.toFixed(1)} KB of JavaScript, LCP ${lcp.toFixed(0)} ms, CLS ${cls.toFixed(3)}\n`,
  );

  expect(scripts.size).toBeGreaterThan(0);
  expect(kilobytes).toBeLessThanOrEqual(200);
  expect(lcp).toBeGreaterThan(0);
  expect(lcp).toBeLessThan(1000);
  expect(cls).toBeLessThan(0.05);
  // A meter that sees nothing would be content with everything.
  expect(await ask(visit, PUSH_DOWN)).toBeGreaterThan(cls);
  await visit.context.close();
});
