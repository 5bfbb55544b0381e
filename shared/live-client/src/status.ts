import type { RefusalReason } from './closing.ts';
import type { Transport } from './protocol.ts';

export type StatusState =
  /** Nobody follows anything, so there is no connection. */
  | { state: 'idle' }
  | { state: 'connecting' }
  /** Everything that happened has been told. */
  | { state: 'live' }
  /** Connected, and being told what happened before. */
  | { state: 'catching-up' }
  /** `inMs`: the pause before the next attempt, as it was when it began; 0 while it is attempted. */
  | { state: 'reconnecting'; inMs: number }
  /** The machine itself has no network, as the browser says. `since`: as the client's clock counts. */
  | { state: 'offline'; since: number }
  /** Not attempted again until told to. */
  | { state: 'refused'; reason: RefusalReason };

export type LiveStatus = StatusState & {
  transport: Transport;
  /** Events that were caught up with after the last connecting. */
  caughtUp: number;
};

/** What a page is shown before there is any client, as on a server. */
export const IDLE: LiveStatus = { state: 'idle', transport: 'websocket', caughtUp: 0 };

/** Whether both say the same: whoever watches is only told of changes. */
export function isSameStatus(one: LiveStatus, other: LiveStatus): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof LiveStatus>;
  return [...keys].every((key) => one[key] === other[key]);
}
