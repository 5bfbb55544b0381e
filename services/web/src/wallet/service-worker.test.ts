import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';

const SOURCE = readFileSync(path.join(__dirname, '../../public/sw.js'), 'utf8');
const NOBODYS = { isControlled: false };
const ORIGIN = 'https://pay.example';

/** A page that is open. One that the worker does not control it sees only if it asks for such, and leads nowhere. */
interface Open {
  at: string;
  isControlled?: boolean;
}

/** The worker as a browser runs it, beside pages that are open. */
function someWorker(...open: Open[]) {
  const listeners = new Map<string, (event: object) => void>();
  const shown: unknown[] = [];
  const went: string[] = [];
  const pages = open.map(({ at, isControlled = true }) => pageAt(`${ORIGIN}${at}`, isControlled, went));
  runInNewContext(SOURCE, {
    addEventListener: (type: string, listener: (event: object) => void) => listeners.set(type, listener),
    registration: { showNotification: (...what: unknown[]) => Promise.resolve(shown.push(what)) },
    clients: {
      matchAll: ({ includeUncontrolled = false } = {}) =>
        Promise.resolve(pages.filter(({ isControlled }) => isControlled || includeUncontrolled)),
      claim: () => Promise.resolve(went.push('claim')),
      openWindow: (url: string) => Promise.resolve(went.push(`open ${url}`)),
    },
    location: { origin: ORIGIN },
    URL,
  });
  /** Resolves when the worker may end. */
  const happen = async (type: string, event: object) => {
    let work: unknown;
    listeners.get(type)?.({ ...event, waitUntil: (promise: unknown) => (work = promise) });
    await work;
  };
  return { shown, went, happen };
}

function pageAt(url: string, isControlled: boolean, went: string[]) {
  const focus = () => Promise.resolve(went.push(`focus ${url}`));
  const navigate = (to: string) => {
    if (!isControlled) return Promise.reject(new TypeError('This page is not the worker’s.'));
    went.push(`lead ${url} to ${to}`);
    return Promise.resolve(pageAt(to, isControlled, went));
  };
  return { url, isControlled, focus, navigate };
}

test('a message is shown as it came: it is a notification already', async () => {
  const { shown, happen } = someWorker();
  const rest = { body: 'From Asha Rao: lunch', tag: 'e1', timestamp: 1, data: { transferId: 't' } };
  await happen('push', { data: { json: () => ({ title: 'You received ₹100.00', ...rest }) } });
  expect(shown).toEqual([['You received ₹100.00', { icon: '/icon.svg', ...rest }]]);
});

test('a message without content is shown all the same: browsers end a subscription whose messages are not', async () => {
  const { shown, happen } = someWorker();
  await happen('push', { data: null });
  expect(shown).toEqual([['Payfan', { icon: '/icon.svg' }]]);
});

test.each([
  ['a transfer', { transferId: 't' }, [], 'open /'],
  ['a transfer, the wallet being open', { transferId: 't' }, [{ at: '/#content' }], 'focus /#content'],
  ['a transfer, two pages being open', { transferId: 't' }, [{ at: '/compare' }, { at: '/' }], 'focus /'],
  ['a transfer, one open that is nobody’s', { transferId: 't' }, [{ at: '/', ...NOBODYS }], 'focus /'],
  ['a payout', { payoutId: 'p' }, [], 'open /payouts'],
  [
    'a payout, another page being open',
    { payoutId: 'p' },
    [{ at: '/' }],
    'lead / to /payouts, focus /payouts',
  ],
  [
    'a payout, one that is nobody’s being open',
    { payoutId: 'p' },
    [{ at: '/', ...NOBODYS }],
    'open /payouts',
  ],
  ['nothing that it names', undefined, [], 'open /'],
] as [string, object | undefined, Open[], string][])(
  'pressed, a notification of %s leads to its page',
  async (_what, data, open, expected) => {
    const { went, happen } = someWorker(...open);
    const close = jest.fn();
    await happen('notificationclick', { notification: { data, close } });
    expect(went.join(', ').replaceAll(ORIGIN, '')).toBe(expected);
    expect(close).toHaveBeenCalledTimes(1);
  },
);

test('pages that were open before it are its own as soon as it is', async () => {
  const { went, happen } = someWorker({ at: '/', ...NOBODYS });
  await happen('activate', {});
  expect(went).toEqual(['claim']);
});
