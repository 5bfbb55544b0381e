import type { LiveStatus } from '@payfan/live-client';
import { LineMemory } from './line-history.ts';

/** As much of a client as a line's memory looks at. */
class Client {
  status: LiveStatus = { state: 'idle', transport: 'websocket', caughtUp: 0 };
  readonly watchers = new Set<() => void>();
  onStatus(watcher: () => void) {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
  becomes(state: 'live' | 'connecting') {
    this.status = { ...this.status, state };
    for (const watcher of this.watchers) watcher();
  }
}

test('changes are remembered with their time while somebody looks, and what was missed is seen on coming back', () => {
  const client = new Client();
  let now = 1;
  let told = 0;
  const memory = new LineMemory(client, () => now);
  const leave = memory.watch(() => (told += 1));
  now = 2;
  client.becomes('live');
  expect(memory.history()).toMatchObject({ status: { state: 'live' }, sinceMs: 2 });
  leave();
  expect(client.watchers.size).toBe(0);
  now = 3;
  client.becomes('connecting');
  expect(memory.history()).toMatchObject({ status: { state: 'live' } });
  now = 4;
  memory.watch(() => undefined);
  expect(memory.history()).toMatchObject({ status: { state: 'connecting' }, sinceMs: 4, liveUntilMs: 4 });
  expect(told).toBe(2);
});
