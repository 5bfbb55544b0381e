/** Both assets are served from our own origin: the pages work without a network, and nothing inline needs allowing. */
export const PAGE_CSS = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --surface: #fff; --ink: #16202c; --soft: #5b6776; --line: #dde2e8;
  --accent: #0b6bcb; --bubble: #e4effb; --warn: #9a4b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11161c; --surface: #1a2129; --ink: #e8edf2; --soft: #9aa7b5; --line: #2d3743;
    --accent: #6bb1ff; --bubble: #1f3a57; --warn: #ffb86b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header.bar {
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center;
  padding: .75rem 1rem; background: var(--surface); border-bottom: 1px solid var(--line);
}
header.bar h1 { font-size: 1.125rem; margin: 0; }
header.bar h1 a { color: inherit; text-decoration: none; }
header.bar form { display: flex; gap: .5rem; flex: 1 1 14rem; min-width: 0; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
input, select, button {
  font: inherit; color: inherit; background: var(--surface); min-height: 2.5rem;
  border: 1px solid var(--line); border-radius: .5rem; padding: .25rem .75rem;
}
input[type=search] { flex: 1; min-width: 0; }
button { cursor: pointer; }
.soft { color: var(--soft); font-size: .875rem; }
.warn { color: var(--warn); }
.clip { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; }
.empty { padding: 2rem 1rem; text-align: center; }
.empty pre { text-align: left; }
pre {
  margin: 0; padding: 1rem; overflow: auto; background: var(--ground); border-radius: .5rem;
  font: .875rem/1.5 ui-monospace, Menlo, Consolas, monospace;
}
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
ol.mails { list-style: none; margin: 0; padding: 0; overflow: hidden; }
ol.mails li + li { border-top: 1px solid var(--line); }
ol.mails a {
  display: grid; grid-template-columns: minmax(0, 14rem) minmax(0, 1fr) auto; gap: 0 1rem;
  padding: .75rem 1rem; color: inherit; text-decoration: none;
}
ol.mails a:hover { background: var(--bubble); }
ol.mails b { font-weight: 600; }
nav.pages { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: 1rem 0; }
.mail { padding: 1rem; overflow-wrap: anywhere; }
.mail h2 { margin: 0 0 .5rem; font-size: 1.25rem; }
.mail dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .125rem .75rem; margin: 0 0 1rem; }
.mail dt { color: var(--soft); }
.mail dd { margin: 0; }
.mail section + section, .mail details { margin-top: 1rem; }
.mail h3, .mail summary { font-size: 1rem; font-weight: 600; margin: 0 0 .5rem; }
.mail summary { cursor: pointer; }
iframe {
  display: block; width: 100%; height: 60vh; border: 1px solid var(--line); border-radius: .5rem;
  background: #fff; color-scheme: light; resize: vertical; overflow: auto;
}
.phones { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem; }
.phone { padding: 1rem; border-radius: 1.5rem; }
.phone h2 { font-size: 1rem; margin: 0 0 .75rem; }
.phone ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.bubble {
  background: var(--bubble); border-radius: 1rem 1rem 1rem .25rem; padding: .5rem .75rem;
  overflow-wrap: anywhere; width: fit-content; max-width: 100%;
}
.bubble + .soft { padding: .125rem .75rem 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  ol.mails a { grid-template-columns: minmax(0, 1fr) auto; }
  ol.mails .subject { grid-row: 2; grid-column: 1 / -1; }
}
`;

/** Swaps the live region for the server's newer one every two seconds, and sends what buttons ask for. */
export const PAGE_JS = `
'use strict';
const REFRESH_MS = 2000;
const region = document.querySelector('[data-live]');

async function refresh() {
  const response = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const next = page.querySelector('[data-live]');
  if (next === null || next.innerHTML === region.innerHTML) return;
  const focused = document.activeElement?.getAttribute('href');
  region.replaceChildren(...next.childNodes);
  // Whoever goes through the list by keyboard keeps the place.
  if (focused) [...region.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
}

async function refreshForEver() {
  if (!document.hidden) await refresh().catch(() => undefined);
  setTimeout(refreshForEver, REFRESH_MS);
}
if (region !== null) setTimeout(refreshForEver, REFRESH_MS);

for (const button of document.querySelectorAll('button[data-delete]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    if (!confirm(button.dataset.confirm)) return;
    await fetch(button.dataset.delete, { method: 'DELETE' });
    location.assign('/');
  });
}
`;
