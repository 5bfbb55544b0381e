'use client';

import { useCallback, useSyncExternalStore } from 'react';
import {
  formatAgo,
  formatDateTime,
  formatTime,
  formatTimeWithSeconds,
  type Instant,
} from '../format/time.ts';

const FORMATS = { time: formatTime, seconds: formatTimeWithSeconds, full: formatDateTime };

/** A moment; all of it is shown when the pointer rests on it. `ago` counts on by itself. */
export function Time({
  at,
  as = 'full',
  className,
}: {
  at: Instant;
  as?: keyof typeof FORMATS | 'ago';
  className?: string;
}) {
  const now = useNow(as === 'ago' ? 20_000 : undefined);
  const text = as !== 'ago' ? FORMATS[as](at) : now === undefined ? formatDateTime(at) : formatAgo(at, now);
  return (
    <time dateTime={new Date(at).toISOString()} title={`${formatDateTime(at)} IST`} className={className}>
      {text}
    </time>
  );
}

/** The present, in milliseconds, anew every so often; undefined on a server, whose present is another. */
export function useNow(everyMs: number | undefined): number | undefined {
  // Another function would begin anew with each rendering: what is rendered often would never tick.
  const watch = useCallback(
    (onChange: () => void) => {
      if (everyMs === undefined) return () => undefined;
      const timer = setInterval(onChange, everyMs);
      return () => clearInterval(timer);
    },
    [everyMs],
  );
  return useSyncExternalStore(
    watch,
    () => (everyMs === undefined ? undefined : Math.floor(Date.now() / everyMs) * everyMs + everyMs - 1),
    () => undefined,
  );
}
