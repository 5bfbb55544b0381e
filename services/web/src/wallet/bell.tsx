'use client';

import type { LiveEvent } from '@payfan/live-client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useApiClient } from '../api/api-provider.tsx';
import { useAccountEvents } from '../live/account-line.tsx';
import { useSession } from '../session/session-provider.tsx';
import { IconButton } from '../ui/button.tsx';
import { Popover } from '../ui/popover.tsx';
import { Time } from '../ui/time.tsx';
import { newsOf } from './news-of.ts';
import { lastSeen, rememberSeen } from './seen.ts';

const WebPushSwitch = lazy(async () => ({
  default: (await import('./web-push-switch.tsx')).WebPushSwitch,
}));

/** Shown at once; further ones are counted as "more". */
const MOST = 50;

interface EventPage {
  data: LiveEvent[];
}

/** In the header of every page: what happened on the account since it was last looked at. */
export function Bell() {
  const { state } = useSession();
  if (state.phase !== 'open' || state.principal.kind !== 'account') return null;
  return <AccountBell accountId={state.principal.accountId} />;
}

function AccountBell({ accountId }: { accountId: string }) {
  const api = useApiClient('gateway');
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const queryKey = ['gateway', 'events', accountId];
  const events = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      api.json<EventPage>('/v1/events', { query: { after: lastSeen(accountId), limit: MOST }, signal }),
  });
  const readAnew = () => void queries.invalidateQueries({ queryKey });
  useAccountEvents(readAnew, readAnew);
  const news = events.data?.data ?? [];
  function onOpenChange(open: boolean) {
    setIsOpen(open);
    const newest = news.at(-1)?.seq;
    // They stay to be read until the list is closed.
    if (open || newest === undefined) return;
    rememberSeen(accountId, newest);
    readAnew();
  }
  const count = news.length === MOST ? `${MOST} or more` : String(news.length);
  const label = news.length === 0 ? 'Notifications, none unread' : `Notifications, ${count} unread`;
  return (
    <div className="relative">
      <Popover
        label="Notifications"
        open={isOpen}
        onOpenChange={onOpenChange}
        trigger={<IconButton label={label} icon="bell" />}
      >
        <h2 className="px-4 pt-4 pb-2 text-[15px] font-semibold">Notifications</h2>
        {news.length === 0 ? (
          <p className="px-4 pb-4 text-muted">Nothing new since you last looked.</p>
        ) : (
          <ul className="max-h-96 overflow-y-auto pb-2">
            {news.toReversed().map((event) => (
              <li key={event.id} className="px-4 py-2">
                <p className="font-medium">{newsOf(event)}</p>
                <p className="text-[13px] text-muted">
                  <Time at={event.time} as="ago" />
                </p>
              </li>
            ))}
          </ul>
        )}
        <Suspense fallback={<div className="h-16 border-t" />}>
          <WebPushSwitch />
        </Suspense>
      </Popover>
      {news.length > 0 && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute -top-0.5 -right-0.5 grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[11px] font-semibold text-accent-ink tabular-nums"
        >
          {news.length === MOST ? `${MOST}+` : news.length}
        </span>
      )}
    </div>
  );
}
