import { waitFor } from '@payfan/stack/testing';
import { Window } from 'happy-dom';
import { createElement, StrictMode, useState, type ReactElement } from 'react';
import { WebSocket } from 'ws';
import { LiveClient } from '../live-client.ts';
import { ScriptedGateway } from '../testing/scripted-gateway.ts';
import { LiveProvider, useSocket, useTopic } from './index.ts';

const ASHA = 'account.11111111-1111-4111-8111-111111111111';

// React looks for these when it is loaded.
const window = new Window({ url: 'http://localhost:3000' });
const { document, navigator } = window;
Object.assign(globalThis, { window, document, navigator });

let gateway: ScriptedGateway;
let client: LiveClient;
let page: { textContent: string; innerHTML: string };
let renders: number;
const unmounts: (() => void)[] = [];

// Jest clears up what globals hold, property by property, and a document's have no end. React looks at the window
// once more, a moment after everything is unmounted.
afterAll(async () => {
  Object.assign(globalThis, { window: {}, document: {}, navigator: {} });
  await window.happyDOM.close();
});
beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
  client = new LiveClient({
    url: gateway.url,
    token: () => Promise.resolve('jwt'),
    WebSocket,
    settings: { lingerMs: 50, backoff: { firstMs: 10, longestMs: 20 } },
  });
  page = window.document.createElement('main');
  renders = 0;
});
afterEach(async () => {
  for (const unmount of unmounts.splice(0)) unmount();
  client.close();
  await gateway.stop();
});

function Alerts({ topic, after, limit }: { topic: string | undefined; after?: number; limit?: number }) {
  renders += 1;
  const { status } = useSocket();
  const { events, gap, failure } = useTopic(topic, {
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit }),
  });
  const told: unknown[] = [status.state, ...events.map(({ seq }) => seq)];
  if (gap !== undefined) told.push(`gap to ${gap.resumesAfter}`);
  if (failure !== undefined) told.push(failure.code);
  return createElement('p', null, told.join(' '));
}
const inPage = (...children: ReactElement[]) =>
  createElement(StrictMode, null, createElement(LiveProvider, { client }, ...children));

async function show(element: ReactElement, { hydrate = false } = {}) {
  const { createRoot, hydrateRoot } = await import('react-dom/client');
  const errors: unknown[] = [];
  const options = { onRecoverableError: (error: unknown) => errors.push(error) };
  const container = page as unknown as Element;
  const root = hydrate ? hydrateRoot(container, element, options) : createRoot(container, options);
  if (!hydrate) root.render(element);
  unmounts.push(() => root.unmount());
  return { render: (next: ReactElement) => root.render(next), errors };
}
const shows = (text: string) =>
  waitFor(() => Promise.resolve(page.textContent === text), {
    what: `"${text}"`,
    intervalMs: 5,
  });

test('in strict mode: what happens is shown once, over one connection for all components', async () => {
  gateway.append(ASHA);
  await show(
    inPage(
      createElement(Alerts, { key: 1, topic: ASHA, after: 0 }),
      createElement(Alerts, { key: 2, topic: ASHA }),
    ),
  );
  await shows('live 1live 1');
  gateway.append(ASHA);
  await shows('live 1 2live 1 2');
  expect(gateway.sockets).toHaveLength(1);
  expect(gateway.sockets[0]!.frames.filter(({ t }) => t === 'subscribe')).toHaveLength(1);
});

test('rendered on a server it is idle and without events, and the browser agrees before it goes on', async () => {
  const { renderToString } = await import('react-dom/server');
  const element = inPage(createElement(Alerts, { topic: ASHA, after: 0 }));
  page.innerHTML = renderToString(element);
  expect(page.textContent).toBe('idle');
  expect(gateway.upgrades).toBe(0);

  gateway.append(ASHA);
  const { errors } = await show(element, { hydrate: true });
  await shows('live 1');
  expect(errors).toEqual([]);
});

test('another topic, none, and leaving', async () => {
  const ravi = ASHA.replaceAll('1', '2');
  gateway.append(ASHA);
  gateway.append(ravi);
  gateway.append(ravi);
  const { render } = await show(inPage(createElement(Alerts, { topic: undefined })));
  await shows('idle');
  render(inPage(createElement(Alerts, { topic: ASHA, after: 0 })));
  await shows('live 1');
  render(inPage(createElement(Alerts, { topic: ravi, after: 0 })));
  await shows('live 1 2');
  render(inPage());
  await waitFor(() => Promise.resolve(client.status.state === 'idle' && gateway.sockets.length === 0), {
    what: 'the connection closed',
  });
});

test('only so many events are kept; a gap is shown', async () => {
  for (let count = 0; count < 5; count += 1) gateway.append(ASHA);
  gateway.log(ASHA).first = 5;
  await show(inPage(createElement(Alerts, { topic: ASHA, after: 1, limit: 2 })));
  await shows('live gap to 5');
  for (let count = 0; count < 3; count += 1) gateway.append(ASHA);
  await shows('live 7 8 gap to 5');
});

test('a component that renders again for reasons of its own does not subscribe again', async () => {
  let again: (() => void) | undefined;
  const Parent = () => {
    const [count, setCount] = useState(0);
    again = () => setCount(count + 1);
    return createElement(Alerts, { topic: ASHA, after: count });
  };
  await show(inPage(createElement(Parent)));
  await shows('live');
  const before = renders;
  again?.();
  await waitFor(() => Promise.resolve(renders > before), { what: 'another rendering' });
  gateway.append(ASHA);
  await shows('live 1');
  expect(gateway.sockets[0]!.frames.filter(({ t }) => t === 'subscribe')).toHaveLength(1);
});

test('without a provider it says what is missing', async () => {
  const { renderToString } = await import('react-dom/server');
  expect(() => renderToString(createElement(Alerts, { topic: ASHA }))).toThrow('<LiveProvider');
});
