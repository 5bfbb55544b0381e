'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useApiClient } from '../api/api-provider.tsx';
import { fetchNewestEvents, gatewayKeys } from '../api/gateway.ts';
import { formatCount } from '../format/indian.ts';
import { useRefetchOnEvents } from '../live/use-refetch-on-events.ts';
import { useSession } from '../session/session-provider.tsx';
import { IconButton } from '../ui/button.tsx';
import { useNotLoadedToast } from '../ui/not-loaded-toast.tsx';
import { PanelContent } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Popover } from '../ui/popover.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Time } from '../ui/time.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { newsOf } from './news-of.ts';
import { lastSeen, rememberSeen } from './seen.ts';
import { unreadOf } from './unread.ts';

const loadSwitch = () => import('./web-push-switch.tsx');

/** The newest are shown; those before them are counted. */
const MOST = 50;
/** More does not fit on a bell. */
const MOST_ON_BADGE = 99;

/** In the header of every page: what happened on the account since it was last looked at. */
export function Bell() {
  const { state } = useSession();
  if (state.phase !== 'open' || state.principal.kind !== 'account') return null;
  return <AccountBell accountId={state.principal.accountId} />;
}

function AccountBell({ accountId }: { accountId: string }) {
  const api = useApiClient('gateway');
  const queries = useQueryClient();
  const queryKey = gatewayKeys.events(accountId);
  const events = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const after = lastSeen(accountId);
      return unreadOf(await fetchNewestEvents(api, { after, limit: MOST, signal }), after);
    },
  });
  useRefetchOnEvents(queryKey);
  const { news, earlier } = events.data ?? { news: [], earlier: 0 };
  /** They stay to be read until the list is closed. */
  function onClose() {
    const newest = news[0]?.seq;
    if (newest === undefined) return;
    rememberSeen(accountId, newest);
    void queries.invalidateQueries({ queryKey });
  }
  const count = news.length + earlier;
  const unread = count === 0 ? 'none unread' : `${formatCount(count)} unread`;
  const label = events.data === undefined ? 'Notifications' : `Notifications, ${unread}`;
  return (
    <div className="relative">
      <Popover label="Notifications" onClose={onClose} trigger={<IconButton label={label} icon="bell" />}>
        <h2 className="px-4 pt-4 pb-2 text-[15px] font-semibold">Notifications</h2>
        <div
          role="region"
          aria-label="What is new"
          tabIndex={0}
          className="max-h-96 overflow-y-auto px-4 pb-4"
        >
          <PanelContent
            state={panelStateOf(events, {
              when: ({ news: fresh }) => fresh.length === 0,
              title: 'Nothing new since you last looked',
              hint: 'Money that comes or goes is told here.',
            })}
            skeleton={<SkeletonRows rows={2} />}
          >
            <ul className="grid gap-4">
              {news.map((event) => (
                <li key={event.id}>
                  <p className="font-medium">{newsOf(event)}</p>
                  <p className="text-[13px] text-muted">
                    <Time at={event.time} as="ago" />
                  </p>
                </li>
              ))}
              {earlier > 0 && (
                <li className="text-[13px] text-muted">
                  and {formatCount(earlier)} before: the wallet’s history has them all
                </li>
              )}
            </ul>
          </PanelContent>
        </div>
        <WebPushSwitch />
      </Popover>
      {count > 0 && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute -top-0.5 -right-0.5 grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[11px] font-semibold text-accent-ink tabular-nums"
        >
          {count > MOST_ON_BADGE ? `${MOST_ON_BADGE}+` : count}
        </span>
      )}
    </div>
  );
}

/** Fetched when the list is first opened: whoever does not look at it does without. */
function WebPushSwitch() {
  const webPush = useLoaded(loadSwitch, true, useNotLoadedToast());
  return webPush === undefined ? <div className="h-16 border-t" /> : <webPush.WebPushSwitch />;
}
