import {
  freePort,
  startPayfan,
  startProgram,
  WAIT_TIMEOUT_MS,
  web,
  type Payfan,
} from '@payfan/stack/testing';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from 'playwright-core';

export type Person = 'Asha Rao' | 'Ravi Kumar' | 'Meera Iyer' | 'Operator';

/** All of Payfan with its pages, as shipped. */
export interface PagesServer {
  readonly payfan: Payfan;
  /** Of the pages, as people type it. */
  readonly origin: string;
}

/** The same, and a browser to look at them. */
export interface Pages {
  readonly payfan: Payfan;
  /** A browser of somebody's own: nothing is shared with another. */
  visit(options?: BrowserContextOptions): Promise<Visit>;
  stop(): Promise<void>;
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of: errors on its console (breaches of the CSP among them), and exceptions. */
  readonly complaints: readonly string[];
  signIn: (person: Person) => Promise<void>;
}

/** @param environment variables of single services, as `startPayfan` takes them */
export async function startPagesServer(
  environment: Record<string, Record<string, string>> = {},
): Promise<PagesServer> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  let environmentOfWeb: Record<string, string> | undefined;
  const payfan = await startPayfan({
    environment,
    surroundings: (_service, around) => {
      environmentOfWeb = web.environment(around);
      return { ...around, pageOrigins: [origin] };
    },
  });
  try {
    await startProgram({
      name: web.name,
      entry: web.entry,
      env: { ...environmentOfWeb, NODE_ENV: 'production', PORT: String(port) },
    });
  } catch (error) {
    await payfan.stop();
    throw error;
  }
  return { payfan, origin };
}

export async function startPages(): Promise<Pages> {
  const { payfan, origin } = await startPagesServer();
  const browser = await openBrowser().catch(async (error: unknown) => {
    await payfan.stop();
    throw error;
  });
  const stop = async () => {
    await browser.close();
    await payfan.stop();
  };
  return { payfan, stop, visit: (options) => visit(browser, { baseURL: origin, ...options }) };
}

function openBrowser(): Promise<Browser> {
  const executablePath = process.env['PAYFAN_CHROMIUM'];
  if (executablePath === undefined) {
    throw new Error('No browser is named by PAYFAN_CHROMIUM: `npm run test:browser` does that.');
  }
  // Chromium refuses to have a sandbox as root, where tests run in a container.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}

async function visit(browser: Browser, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(WAIT_TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A live line that begins with the present learns by a 410 where that is; browsers write down any 4xx.
    if (message.type() === 'error' && !message.text().includes('410 (Gone)')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    context,
    page,
    complaints,
    signIn: async (person) => {
      await page.goto('/');
      await page.getByRole('button', { name: person }).click();
      await page.getByRole('button', { name: `Account: ${person}` }).waitFor();
    },
  };
}

/** What an expression says in the page, a promise's value included; unlike Playwright's own, it needs no eval of the page. */
export async function ask<T>({ context, page }: Visit, expression: string): Promise<T> {
  const devtools = await context.newCDPSession(page);
  try {
    const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value as T;
  } finally {
    await devtools.detach();
  }
}

/** The live line's pill in the header, by what it says: all of it, or a pattern of the button's whole name. */
export const pillOf = (page: Page) => (text: string | RegExp) =>
  page.getByRole('button', {
    name: typeof text === 'string' ? `Live connection: ${text}` : text,
    exact: true,
  });

/** The page has all it shows at first: no part of it says that it is loading. */
export async function settled({ page }: Visit): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
}

/** On the page that compares transports: sends ten once all three are live, and answers their cards once each has the ten. */
export async function compareTen(page: Page): Promise<Locator[]> {
  const cards = ['WebSocket', 'Server-sent events', 'Polling'].map((name) =>
    page.getByRole('region', { name, exact: true }),
  );
  for (const card of cards) await card.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Send ten' }).click();
  for (const card of cards) {
    await card
      .locator('dl')
      .filter({ hasText: /Events\s*10\s*Bytes per event/ })
      .waitFor();
  }
  return cards;
}
