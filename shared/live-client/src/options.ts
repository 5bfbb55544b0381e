import type { LiveEvent, TransportChoice } from './protocol.ts';
import type { Settings } from './settings.ts';
import type { LiveFailure } from './signals.ts';
import type { Surroundings } from './surroundings.ts';
import type { Gap } from './topic.ts';
import type { Fetch } from './transports/http-client.ts';
import type { GetToken } from './transports/transport.ts';
import type { WebSocketConstructor } from './transports/websocket.ts';

export interface LiveClientOptions {
  /** Of the gateway: `https://live.example.com`. */
  url: string;
  /** A JWT. Asked for at each connecting, so better cached; `renew` says that the last one was not good any more. */
  token: GetToken;
  /** `auto` unless told. */
  transport?: TransportChoice;
  /** Where there is no global one, as in Node 20: that of `ws`. */
  WebSocket?: WebSocketConstructor;
  fetch?: Fetch;
  settings?: Partial<Settings>;
  /** Milliseconds, of a clock that goes on while the machine sleeps. */
  now?: () => number;
  /** Between 0 inclusive and 1 exclusive. */
  random?: () => number;
  timers?: Timers;
  surroundings?: Surroundings;
  /** Where errors of subscribers go; else they are thrown where nobody's work is in the way. */
  onSubscriberError?: (error: unknown) => void;
}

export interface Timers {
  setTimeout: (callback: () => void, ms: number) => unknown;
  clearTimeout: (timer: never) => void;
}

export interface SubscribeOptions {
  /** The last number that is known. Without it begins where the topic stands. */
  after?: number | undefined;
  /** Each event once; those with a number in order. */
  onEvent: (event: LiveEvent) => void;
  /** Some are gone for good: read the present state anew. What follows is told. */
  onGap?: ((gap: Gap) => void) | undefined;
  /** The topic cannot be followed. */
  onFailure?: ((failure: LiveFailure) => void) | undefined;
}
