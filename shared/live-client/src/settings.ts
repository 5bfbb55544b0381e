import type { Backoff } from './backoff.ts';

/** How long the client waits for what. All in milliseconds. */
export interface Settings {
  backoff: Backoff;
  /** For a connection to open. */
  openMs: number;
  /** For an answer to a frame. */
  answerMs: number;
  /** Silence after which it asks whether the gateway is there: its own pings cannot be seen in browsers. */
  pingAfterMs: number;
  pongMs: number;
  /** Frames that it publishes, on average. */
  publishesPerSecond: number;
  /** A connection that lasted so long counts as a success: the next pause is a short one again. */
  stableMs: number;
  /** How long a topic is kept after its last subscriber, and the connection after its last topic. */
  lingerMs: number;
  /** How long a replaced connection is listened to for what is still on its way. */
  drainMs: number;
  /** `auto`: connections that never got through, before the next transport is tried. */
  tries: number;
  /** `auto`: how often a better transport is tried while another one works. */
  probeMs: number;
}

export const DEFAULT_SETTINGS: Settings = {
  backoff: { firstMs: 500, longestMs: 30_000 },
  openMs: 10_000,
  answerMs: 10_000,
  // The gateway pings every 25 s and gives 8 s for the answer; so do we.
  pingAfterMs: 25_000,
  pongMs: 8_000,
  // The gateway closes a connection that says more than 50 things a second for long.
  publishesPerSecond: 40,
  stableMs: 10_000,
  lingerMs: 5_000,
  drainMs: 1_000,
  tries: 3,
  probeMs: 60_000,
};
