import type { LiveClientOptions, LiveStatus, SubscribeOptions, Transport } from '@payfan/live-client';
import { Comparison } from './comparison.ts';

const NO_TRAFFIC = { requests: 0, sentBytes: 0, receivedBytes: 0, events: 0 };

/** Clients of a gateway that is told here what it says to them. */
function someClients() {
  const opened = new Map<
    Transport,
    { tell: SubscribeOptions; status: LiveStatus; retries: number; asked: number }
  >();
  const comparison = new Comparison(
    { url: 'http://gateway', token: () => Promise.resolve('jwt') },
    ({ transport }: LiveClientOptions) => {
      const of = transport as Transport;
      const status: LiveStatus = { state: 'live', transport: of, caughtUp: 0 };
      const one = { tell: { onEvent: () => undefined } as SubscribeOptions, status, retries: 0, asked: 0 };
      opened.set(of, one);
      return {
        subscribe(_topic, tell) {
          one.tell = tell;
          one.asked += 1;
          return () => undefined;
        },
        traffic: () => ({ websocket: NO_TRAFFIC, sse: NO_TRAFFIC, polling: NO_TRAFFIC }),
        get status() {
          return one.status;
        },
        retry() {
          one.retries += 1;
          one.status = { ...status };
        },
        close: () => undefined,
      };
    },
  );
  const client = (transport: Transport) => {
    const one = opened.get(transport);
    if (one === undefined) throw new Error(`nothing is open over ${transport}`);
    return one;
  };
  return { comparison, client };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a refused start says why, and may be tried again', () => {
  const { comparison, client } = someClients();
  const end = comparison.follow('asha');
  const sse = client('sse');
  sse.status = { state: 'refused', reason: 'too_many_connections', transport: 'sse', caughtUp: 0 };
  jest.advanceTimersByTime(1_000);
  const { statuses, failures } = comparison.state();
  expect([statuses.sse, failures.sse?.error.code, failures.websocket]).toEqual([
    'refused',
    'too_many_connections',
    undefined,
  ]);
  expect(failures.sse?.error.detail).toContain('too many pages');

  failures.sse?.retry?.();
  jest.advanceTimersByTime(1_000);
  expect([comparison.state().statuses.sse, comparison.state().failures.sse, sse.retries]).toEqual([
    'live',
    undefined,
    1,
  ]);
  end();
});

test('a topic that cannot be followed and events that are gone are not passed over', () => {
  const { comparison, client } = someClients();
  const end = comparison.follow('asha');
  client('websocket').tell.onFailure?.({ code: 'forbidden', retryable: false, detail: 'Not yours.' });
  client('polling').tell.onGap?.({ topic: 'account.asha', after: 3, resumesAfter: 7 });
  const { failures } = comparison.state();
  expect(failures.websocket?.error.detail).toBe('Not yours.');
  expect(failures.polling?.error.detail).toContain('not counted');
  failures.websocket?.retry?.();
  expect([comparison.state().failures.websocket, client('websocket').asked]).toEqual([undefined, 2]);
  // That goes on by itself.
  expect(failures.polling?.retry).toBeUndefined();

  end();
  comparison.follow('asha')();
  expect(comparison.state().failures).toEqual({});
});
