'use client';

import { accountTopic } from '@payfan/contracts/live-protocol';
import type { LiveEvent } from '@payfan/live-client';
import { useSocket } from '@payfan/live-client/react';
import { createContext, use, useEffect, useEffectEvent, useMemo, type ReactNode } from 'react';
import { useSession } from '../session/session-provider.tsx';
import { whenFirstLive } from './first-live.ts';

type Told = { event: LiveEvent } | 'something-missed';
interface Line {
  watch: (watcher: (told: Told) => void) => () => void;
}

const LineContext = createContext<Line | undefined>(undefined);

/** Follows the account of whoever is signed in for as long as the page is open, so that the pill tells the truth on every page. */
export function AccountLine({ children }: { children: ReactNode }) {
  const { client } = useSocket();
  const { state } = useSession();
  const accountId =
    state.phase === 'open' && state.principal.kind === 'account' ? state.principal.accountId : undefined;
  const { line, tell } = useMemo(() => createLine(), []);
  useEffect(() => {
    if (accountId === undefined) return undefined;
    const unsubscribe = client.subscribe(accountTopic(accountId), {
      onEvent: (event) => tell({ event }),
      onGap: () => tell('something-missed'),
    });
    // What happened after the page's first reads and before this is told by nobody.
    const forget = whenFirstLive(client, () => tell('something-missed'));
    return () => {
      forget();
      unsubscribe();
    };
  }, [accountId, client, tell]);
  return <LineContext value={line}>{children}</LineContext>;
}

/**
 * Calls `onEvent` for each event of the signed-in account from now on, once and in order; `onMissed` when some may
 * have happened that are not told, so that what is shown has to be read anew. May be given new functions at each
 * rendering.
 */
export function useAccountEvents(onEvent: (event: LiveEvent) => void, onMissed?: () => void): void {
  const line = use(LineContext);
  if (line === undefined) throw new Error('wrap the page in <LiveLine>');
  const onTold = useEffectEvent((told: Told) => {
    if (told === 'something-missed') onMissed?.();
    else onEvent(told.event);
  });
  useEffect(() => line.watch((told) => onTold(told)), [line]);
}

function createLine() {
  const watchers = new Set<(told: Told) => void>();
  const line: Line = {
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
  const tell = (told: Told) => {
    for (const watcher of watchers) watcher(told);
  };
  return { line, tell };
}
