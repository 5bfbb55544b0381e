import { mailViews } from '../mail-view.ts';
import { SEARCH_KINDS } from '../mailbox.ts';
import { html } from './html.ts';
import { sendPage, servePageAssets, timeOf } from './page.ts';
import { SearchQuery, PageQuery } from './mail-schemas.ts';
import type { Api } from '@payfan/service';
import type { Request, Response } from 'express';
import type { MailMessage } from '../mail-message.ts';
import type { MailSearch, Mailbox } from '../mailbox.ts';
import type { MailView } from '../mail-view.ts';
import type { Html } from './html.ts';

const TITLE = 'Mail inbox';
/** Longer sources are for an editor, not for a page. */
const MAX_SOURCE_LENGTH = 200_000;

/** The sender's HTML runs nothing, loads nothing and leads nowhere. */
const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
  'sandbox',
].join('; ');

/** Pages to read the mailbox: `/`, `/mail/{id}`, and the mail's own HTML for the frame inside it. */
export function mailPages(app: Api['app'], mailbox: Mailbox): void {
  const viewOf = mailViews();
  servePageAssets(app);

  app.get('/', async (request: Request, response: Response) => {
    const { start, limit } = PageQuery.parse({ start: textOf(request.query['start']), limit: '50' });
    const search = searchOf(request);
    const { total, items } = mailbox.page({ start, limit, search });
    const rows = await Promise.all(items.map(async (mail) => row(mail, await viewOf(mail))));
    const list =
      rows.length === 0
        ? emptyState(search)
        : html`<ol class="mails card">
              ${rows}
            </ol>
            ${pager({ start, limit, total, search })}`;
    sendPage(response, {
      title: TITLE,
      tools: searchForm(search),
      content: html`<div data-live>${list}</div>`,
    });
  });

  app.get('/mail/:id', async (request: Request<{ id: string }>, response: Response) => {
    const mail = mailbox.find(request.params.id);
    if (mail === undefined) {
      sendPage(response, { title: TITLE, tools: html``, content: goneState() }, 404);
      return;
    }
    sendPage(response, { title: TITLE, tools: html``, content: mailContent(mail, await viewOf(mail)) });
  });

  app.get('/mail/:id/html', async (request: Request<{ id: string }>, response: Response) => {
    const mail = mailbox.find(request.params.id);
    const view = mail === undefined ? undefined : await viewOf(mail);
    response
      .status(view?.html === undefined ? 404 : 200)
      .set({ 'Content-Security-Policy': MAIL_POLICY, 'Cache-Control': 'no-store' })
      .type('html')
      .send(view?.html ?? 'This mail has no HTML.');
  });
}

/** A field that comes twice is a list, and means nothing here. */
function textOf(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined;
}

function searchOf(request: Request): MailSearch | undefined {
  const { kind = 'containing', query } = request.query;
  const result = SearchQuery.safeParse({ kind, query });
  return result.success ? { kind: result.data.kind, query: result.data.query } : undefined;
}

function searchForm(search: MailSearch | undefined): Html {
  const options = SEARCH_KINDS.map((kind) =>
    kind === search?.kind ? html`<option selected>${kind}</option>` : html`<option>${kind}</option>`,
  );
  return html`<form action="/">
      <select name="kind" aria-label="Search where">
        ${options}
      </select>
      <input
        type="search"
        name="query"
        value="${search?.query}"
        placeholder="Search"
        aria-label="Search for"
      />
      <button>Search</button>
    </form>
    <button hidden data-delete="/api/v1/messages" data-confirm="Delete all mails?">Delete all</button>`;
}

function row(mail: MailMessage, view: MailView): Html {
  return html`<li>
    <a href="/mail/${encodeURIComponent(mail.ID)}">
      <span class="clip"><bdi>${view.to}</bdi></span>
      <span class="clip subject"
        ><b><bdi>${subjectOf(view)}</bdi></b></span
      >
      <span class="soft">${timeOf(mail.Created)}</span>
    </a>
  </li>`;
}

function subjectOf(view: MailView): string {
  return view.subject === '' ? '(no subject)' : view.subject;
}

interface PagerOptions {
  readonly start: number;
  readonly limit: number;
  readonly total: number;
  readonly search: MailSearch | undefined;
}

function pager({ start, limit, total, search }: PagerOptions): Html {
  const link = (to: number, words: string) =>
    html`<a href="/?${new URLSearchParams({ ...search, start: String(to) }).toString()}">${words}</a>`;
  return html`<nav class="pages" aria-label="Pages">
    <span>${start > 0 ? link(Math.max(0, start - limit), 'Newer') : undefined}</span>
    <span class="soft">${start + 1}–${Math.min(start + limit, total)} of ${total}</span>
    <span>${start + limit < total ? link(start + limit, 'Older') : undefined}</span>
  </nav>`;
}

function emptyState(search: MailSearch | undefined): Html {
  if (search !== undefined) {
    return html`<div class="card empty">
      <p>No mail matches “<bdi>${search.query}</bdi>”.</p>
      <p><a href="/">Show all mails</a></p>
    </div>`;
  }
  return html`<div class="card empty">
    <p><b>No mails yet.</b></p>
    <p>Make a transfer, or send any mail to the SMTP port. It shows here by itself.</p>
  </div>`;
}

function goneState(): Html {
  return html`<div class="card empty">
    <p><b>This mail is gone.</b></p>
    <p>It was deleted, or dropped as the oldest. <a href="/">Back to the inbox</a></p>
  </div>`;
}

function mailContent(mail: MailMessage, view: MailView): Html {
  const path = `/mail/${encodeURIComponent(mail.ID)}`;
  const source = mail.Raw.Data;
  return html`<p><a href="/">← Inbox</a></p>
    <article class="card mail">
      <h2><bdi>${subjectOf(view)}</bdi></h2>
      <dl>
        <dt>From</dt>
        <dd><bdi>${view.from}</bdi></dd>
        <dt>To</dt>
        <dd><bdi>${view.to}</bdi></dd>
        <dt>Received</dt>
        <dd>${timeOf(mail.Created)}</dd>
      </dl>
      ${view.html === undefined ? undefined : htmlSection(path)}
      ${view.text === undefined ? undefined : textSection(view.text)}
      ${view.attachments.length === 0 ? undefined : attachmentSection(view.attachments)}
      <details>
        <summary>Source</summary>
        <pre class="wrap">${source.slice(0, MAX_SOURCE_LENGTH)}</pre>
        <p class="soft">
          ${source.length > MAX_SOURCE_LENGTH ? 'Only the beginning is shown. ' : undefined}<a
            href="/api/v1/messages/${encodeURIComponent(mail.ID)}/download"
            >Download</a
          >
        </p>
      </details>
    </article>`;
}

function htmlSection(path: string): Html {
  return html`<section>
    <h3>HTML</h3>
    <iframe sandbox="" src="${path}/html" title="The mail's HTML" referrerpolicy="no-referrer"></iframe>
  </section>`;
}

function textSection(text: string): Html {
  return html`<section>
    <h3>Text</h3>
    <pre class="wrap">${text}</pre>
  </section>`;
}

function attachmentSection(attachments: MailView['attachments']): Html {
  const items = attachments.map(
    ({ name, type, bytes }) =>
      html`<li><bdi>${name}</bdi> <span class="soft">${type}, ${bytes} bytes</span></li>`,
  );
  return html`<section>
    <h3>Attachments</h3>
    <ul>
      ${items}
    </ul>
  </section>`;
}
