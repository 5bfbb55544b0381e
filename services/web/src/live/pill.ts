import type { LiveStatus } from '@payfan/live-client';
import { formatCount } from '../format/indian.ts';
import { formatTime } from '../format/time.ts';

/** What the page has seen of its live line; `status` says how it does now. */
export interface LineHistory {
  status: LiveStatus;
  /** When the status became what it is. Milliseconds since 1970. */
  sinceMs: number;
  /** When all was told the last time; undefined if it never was. */
  liveUntilMs: number | undefined;
}

export interface Pill {
  text: string;
  tone: 'good' | 'warn' | 'bad' | 'neutral';
  moving: boolean;
}

/** How long what was caught up with is shown. */
export const CAUGHT_UP_SHOWN_MS = 6_000;

/** The next state of what is shown. Another reading of the same status changes nothing. */
export function lineAfter(history: LineHistory, status: LiveStatus, nowMs: number): LineHistory {
  if (status === history.status) return history;
  // Seconds are counted from the beginning of the pause, and words shown from the beginning of the state.
  const isSameState = status.state === history.status.state && status.state !== 'reconnecting';
  const wasLive = history.status.state === 'live';
  return {
    status,
    sinceMs: isSameState && status.caughtUp === history.status.caughtUp ? history.sinceMs : nowMs,
    liveUntilMs: wasLive && status.state !== 'live' ? nowMs : history.liveUntilMs,
  };
}

/** Whether what the pill says changes with time alone. */
export function countsOn({ status, liveUntilMs }: LineHistory): boolean {
  if (status.state === 'reconnecting') return true;
  return status.state === 'live' && status.caughtUp > 0 && liveUntilMs !== undefined;
}

/** What the pill says; undefined where nothing is followed. */
export function pillOf({ status, sinceMs, liveUntilMs }: LineHistory, nowMs: number): Pill | undefined {
  switch (status.state) {
    case 'idle':
      return undefined;
    case 'connecting':
      return { text: 'Connecting', tone: 'neutral', moving: true };
    case 'catching-up':
      return { text: 'Catching up', tone: 'warn', moving: true };
    case 'live': {
      // Nothing was missed before there was a first time.
      const tells = status.caughtUp > 0 && liveUntilMs !== undefined && nowMs - sinceMs < CAUGHT_UP_SHOWN_MS;
      const text = tells ? `Caught up: ${formatCount(status.caughtUp)} missed` : 'Live';
      return { text, tone: 'good', moving: false };
    }
    case 'reconnecting': {
      const seconds = Math.ceil((status.inMs - (nowMs - sinceMs)) / 1_000);
      return {
        text: seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting',
        tone: 'warn',
        moving: true,
      };
    }
    case 'offline': {
      const asOf = liveUntilMs ?? status.since;
      return { text: `Offline · data as of ${formatTime(asOf)}`, tone: 'bad', moving: false };
    }
    case 'refused':
      return { text: REFUSALS[status.reason] ?? 'Not allowed to follow', tone: 'bad', moving: false };
  }
}

const REFUSALS: Partial<Record<string, string>> = {
  bad_token: 'Signed out of the live line',
  too_many_connections: 'Open on too many pages',
};
