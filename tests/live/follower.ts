import { keyToken, LiveClient, type Gap, type Settings, type Transport } from '@payfan/live-client';
import { waitFor } from '@payfan/stack/testing';
import type { Fleet } from './fleet.ts';
import type { Sockets } from './sockets.ts';
import type { Told } from './tally.ts';

export interface FollowerOptions {
  fleet: Fleet;
  /** Of a gateway, or what stands before several. */
  url: string;
  who: { key: string; topic: string };
  sockets: Sockets;
  transport?: Transport;
  settings?: Partial<Settings>;
}

/** Comes back soon, and does not give up a connection that a busy machine has not opened yet: all would begin again. */
const HASTY: Partial<Settings> = { backoff: { firstMs: 100, longestMs: 1_000 }, openMs: 60_000 };

/** Somebody who follows their account from its first event on, with the client that pages use. */
export class Follower implements Told {
  readonly topic: string;
  readonly told: number[] = [];
  readonly gaps: Gap[] = [];
  readonly client: LiveClient;

  constructor({ fleet, url, who, sockets, transport = 'websocket', settings }: FollowerOptions) {
    this.topic = who.topic;
    this.client = new LiveClient({
      url,
      token: keyToken({ url: fleet.payfan.url('transaction'), key: who.key }),
      transport,
      WebSocket: sockets.constructorForClients,
      settings: { ...HASTY, ...settings },
    });
    this.client.subscribe(who.topic, {
      after: 0,
      onEvent: ({ seq }) => this.told.push(seq ?? 0),
      onGap: (gap) => this.gaps.push(gap),
    });
  }

  /** Resolves when everything up to now has been told. */
  live(): Promise<void> {
    return waitFor(() => Promise.resolve(this.client.status.state === 'live'), {
      what: `a client being live (it is ${this.client.status.state})`,
      // Five hundred that come at once to a busy machine are told to come again, several times.
      timeoutMs: 180_000,
    });
  }
}
