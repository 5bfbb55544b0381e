import { Window } from 'happy-dom';
import { act, createElement, useState } from 'react';
import { useLoaded } from './use-loaded.ts';

// React looks for these when it is loaded.
const window = new Window({ url: 'http://localhost:3000' });
const { document, navigator } = window;
Object.assign(globalThis, { window, document, navigator, IS_REACT_ACT_ENVIRONMENT: true });

// Jest clears up what globals hold, property by property, and a document's have no end.
afterAll(async () => {
  Object.assign(globalThis, { window: {}, document: {}, navigator: {} });
  await window.happyDOM.close();
});

/** Once all has come of it. */
const after = (work: () => void) => act(() => Promise.resolve().then(work));

test('a module that cannot be fetched is reported, breaks nothing else, and is fetched when it is wanted again', async () => {
  const { createRoot } = await import('react-dom/client');
  const load = jest
    .fn<Promise<{ text: string }>, []>()
    .mockRejectedValueOnce(new Error('no network'))
    .mockResolvedValueOnce({ text: 'there' });
  const failures: unknown[] = [];
  let press: () => void = () => undefined;
  function Part() {
    const [isOpen, setOpen] = useState(false);
    const part = useLoaded(load, isOpen, (failure) => {
      failures.push(failure);
      setOpen(false);
    });
    press = () => setOpen(true);
    return createElement('p', null, isOpen ? (part?.text ?? 'on its way') : 'closed');
  }
  const page = window.document.createElement('main');
  const root = createRoot(page as unknown as Element);
  await after(() => root.render(createElement(Part)));

  await after(() => press());
  expect([page.textContent, failures]).toEqual(['closed', [new Error('no network')]]);
  await after(() => press());
  expect([page.textContent, failures.length, load.mock.calls.length]).toEqual(['there', 1, 2]);
  await after(() => root.unmount());
});
