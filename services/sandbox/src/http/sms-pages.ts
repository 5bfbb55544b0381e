import { html } from './html.ts';
import { sendPage, servePageAssets, timeOf } from './page.ts';
import { ListQuery } from './sms-schemas.ts';
import type { Api } from '@payfan/service';
import type { AttemptLog } from '../attempts.ts';
import type { Sms, SmsStore } from '../sms-store.ts';
import type { Html } from './html.ts';

const TITLE = 'SMS';
/** More bubbles than anybody reads; the API lists the rest. */
const MAX_BUBBLES = 200;

/** @param host the one that the reader reached us by */
const example = (host: string) => `curl http://${host}/messages \\
  -H 'Content-Type: application/json' \\
  -d '{"reference":"hello-1","to":"+917010233311","body":"Hello"}'`;

/** A page that shows what phones got: `/`, or `/?to=<number>` for one of them. */
export function smsPages(
  app: Api['app'],
  { store, attempts }: { store: SmsStore; attempts: AttemptLog },
): void {
  servePageAssets(app);

  app.get('/', (request, response) => {
    const query = ListQuery.safeParse({ to: request.query['to'] });
    const to = query.success ? query.data.to : undefined;
    const messages = store.list({ to, limit: MAX_BUBBLES });
    const content = messages.length === 0 ? emptyState(request.get('host') ?? '') : phonesOf(messages);
    sendPage(response, {
      title: TITLE,
      tools: toolsFor(to),
      content: html`<div data-live>${content}</div>`,
    });
  });

  const phonesOf = (messages: readonly Sms[]): Html => {
    const phones = [...byRecipient(messages)];
    return html`<div class="phones">${phones.map(([to, sent]) => phone(to, sent, attempts))}</div>`;
  };
}

function toolsFor(to: string | undefined): Html {
  return html`<form action="/">
      <input
        type="search"
        name="to"
        value="${to}"
        placeholder="+917010233311"
        aria-label="Phone number"
        inputmode="tel"
      />
      <button>Show</button>
    </form>
    <button hidden data-delete="/messages" data-confirm="Forget all messages?">Forget all</button>`;
}

/** In order of the newest message. */
function byRecipient(messages: readonly Sms[]): Map<string, Sms[]> {
  const phones = new Map<string, Sms[]>();
  for (const message of messages) {
    const sent = phones.get(message.to);
    if (sent === undefined) phones.set(message.to, [message]);
    else sent.push(message);
  }
  return phones;
}

/** @param messages newest first; a phone shows the newest last */
function phone(to: string, messages: readonly Sms[], attempts: AttemptLog): Html {
  return html`<section class="card phone">
    <h2>${to}</h2>
    <ol>
      ${[...messages].reverse().map((message) => bubble(message, attempts.countOf(message.reference)))}
    </ol>
  </section>`;
}

function bubble({ body, createdAt, reference }: Sms, attempts: number): Html {
  const again = attempts > 1 ? html` · <span class="warn">sent to us ${attempts} times</span>` : undefined;
  return html`<li>
    <div class="bubble"><bdi>${body}</bdi></div>
    <div class="soft">${timeOf(createdAt)} · ${reference}${again}</div>
  </li>`;
}

function emptyState(host: string): Html {
  return html`<div class="card empty">
    <p><b>No messages yet.</b></p>
    <p>Make a transfer, or send one yourself. It shows here by itself.</p>
    <pre>${example(host)}</pre>
  </div>`;
}
