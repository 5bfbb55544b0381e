import { TransportMemory } from './transport-choice.ts';

function storage(kept: string | null) {
  const values = new Map<string, string | null>([['payfan.transport', kept]]);
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  };
}

test.each([
  ['sse', 'sse'],
  ['carrier pigeon', 'auto'],
  [null, 'auto'],
])('a browser that keeps %s begins with %s; a server knows nothing of it', (kept, choice) => {
  const memory = new TransportMemory(() => storage(kept));
  expect([memory.choice(), memory.choiceOnServer()]).toEqual([choice, 'auto']);
});

test('a choice is reported and kept', () => {
  const kept = storage(null);
  const memory = new TransportMemory(() => kept);
  const told: string[] = [];
  const leave = memory.watch(() => told.push(memory.choice()));
  memory.choose('polling');
  leave();
  memory.choose('sse');
  expect([told, kept.getItem('payfan.transport')]).toEqual([['polling'], 'sse']);
});

test('where nothing may be kept, it is remembered all the same', () => {
  const memory = new TransportMemory(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  expect(memory.choice()).toBe('auto');
  memory.choose('sse');
  expect(memory.choice()).toBe('sse');
});
