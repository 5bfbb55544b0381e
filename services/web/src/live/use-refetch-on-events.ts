'use client';

import type { LiveEvent } from '@payfan/live-client';
import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useAccountEvents } from './account-line.tsx';
import { readAnew } from './read-anew.ts';
import { Throttle } from './throttle.ts';

/** A payout makes thousands of events in seconds. */
const EVERY_MS = 500;

/**
 * Reads anew what stands under a key when something happens on the signed-in account, or when something may have
 * happened that nobody tells any more: at once, and then at most twice a second.
 *
 * @param isAbout whether an event says anything about it; every one does unless told
 */
export function useRefetchOnEvents(queryKey: QueryKey, isAbout?: (event: LiveEvent) => boolean): void {
  const queries = useQueryClient();
  const [throttle] = useState(() => new Throttle(EVERY_MS));
  useEffect(() => () => throttle.forget(), [throttle]);
  const ask = () => throttle.ask(() => readAnew(queries, queryKey));
  useAccountEvents((event) => {
    if (isAbout?.(event) ?? true) ask();
  }, ask);
}
