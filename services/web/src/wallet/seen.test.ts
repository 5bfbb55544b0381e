import { lastSeen, rememberSeen } from './seen.ts';

function someStore() {
  const kept = new Map<string, string>();
  const store = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  return { kept, store: () => store };
}

test('each account has its own number', () => {
  const { kept, store } = someStore();
  rememberSeen('asha', 7, store);
  expect([lastSeen('asha', store), lastSeen('ravi', store)]).toEqual([7, undefined]);
  expect([...kept]).toEqual([['payfan.seen.asha', '7']]);
});

test.each(['nonsense', '-1', '0', '1.5', ''])('%p in the store is no number', (value) => {
  const store = { getItem: () => value, setItem: () => undefined };
  expect(lastSeen('asha', () => store)).toBeUndefined();
});

test('a browser that keeps nothing is no obstacle', () => {
  const refuse = () => {
    throw new Error('denied');
  };
  rememberSeen('asha', 1, refuse);
  expect(lastSeen('asha', refuse)).toBeUndefined();
});
