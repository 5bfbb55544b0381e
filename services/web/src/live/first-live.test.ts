import type { LiveStatus } from '@payfan/live-client';
import { whenFirstLive } from './first-live.ts';

/** As much of a client as is looked at. */
class Client {
  readonly watchers = new Set<() => void>();
  status: LiveStatus;
  constructor(state: 'live' | 'connecting') {
    this.status = { state, transport: 'websocket', caughtUp: 0 };
  }
  onStatus(watcher: () => void) {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
  becomes(state: 'live' | 'connecting' | 'catching-up') {
    this.status = { ...this.status, state };
    for (const watcher of this.watchers) watcher();
  }
}

test('once, when no event is missing for the first time, and not after a reconnection, which delivers the missed events', () => {
  const client = new Client('connecting');
  let calls = 0;
  whenFirstLive(client, () => (calls += 1));
  client.becomes('catching-up');
  expect(calls).toBe(0);
  client.becomes('live');
  client.becomes('connecting');
  client.becomes('live');
  expect([calls, client.watchers.size]).toEqual([1, 0]);
});

test('at once where no event is missing already, and never for a page that has been left', () => {
  let calls = 0;
  whenFirstLive(new Client('live'), () => (calls += 1));
  expect(calls).toBe(1);
  const client = new Client('connecting');
  whenFirstLive(client, () => (calls += 1))();
  client.becomes('live');
  expect(calls).toBe(1);
});
