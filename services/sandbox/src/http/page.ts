import { html } from './html.ts';
import { PAGE_CSS, PAGE_JS } from './page-assets.ts';
import type { Api } from '@payfan/service';
import type { Response } from 'express';
import type { Html } from './html.ts';

/** Our own style and script, and nothing from anybody else. */
const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The tab's icon: without one, browsers ask for /favicon.ico and log an error. */
const NO_ICON = 'data:,';

export interface Page {
  readonly title: string;
  /** In the bar, beside the title. */
  readonly tools: Html;
  readonly content: Html;
}

export function sendPage(response: Response, { title, tools, content }: Page, status = 200): void {
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="${NO_ICON}" />
        <link rel="stylesheet" href="/assets/page.css" />
        <script src="/assets/page.js" defer></script>
      </head>
      <body>
        <header class="bar">
          <h1><a href="/">${title}</a></h1>
          ${tools}
        </header>
        <main>${content}</main>
      </body>
    </html>`;
  response
    .status(status)
    .set({ 'Content-Security-Policy': PAGE_POLICY, 'Cache-Control': 'no-store' })
    .type('html')
    .send(markup);
}

export function servePageAssets(app: Api['app']): void {
  app.get('/assets/page.css', (_request, response) => {
    response.type('css').send(PAGE_CSS);
  });
  app.get('/assets/page.js', (_request, response) => {
    response.type('js').send(PAGE_JS);
  });
}

const timeFormat = new Intl.DateTimeFormat('en-IN', {
  timeZone: 'Asia/Kolkata',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** @param iso ISO 8601 */
export function timeOf(iso: string): Html {
  return html`<time datetime="${iso}">${timeFormat.format(new Date(iso))}</time>`;
}
