import type { usePayouts } from '../api/use-payout.ts';
import { formatCount } from '../format/indian.ts';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';
import { Money } from '../ui/money.tsx';
import { Panel } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { STATUS_WORDS } from './payout-words.ts';

interface PayoutListProps {
  list: ReturnType<typeof usePayouts>;
  /** Whose details are on the page. */
  shown: string | undefined;
  onChoose: (id: string) => void;
}

/** All payouts of the account; choosing one shows it above. */
export function PayoutList({ list, shown, onChoose }: PayoutListProps) {
  const state = panelStateOf(list, {
    when: ({ pages }) => pages.every(({ data }) => data.length === 0),
    title: 'No payouts yet',
    hint: 'Choose a CSV file above: it is checked here before anything is sent.',
  });
  const payouts = list.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Panel title="Your payouts" state={state} skeleton={<SkeletonRows rows={3} className="h-14" />}>
      <ul className="-mx-3 grid gap-1">
        {payouts.map(({ id, status, createdAt, total, amount }) => (
          <li key={id}>
            <button
              type="button"
              aria-pressed={id === shown}
              onClick={() => onChoose(id)}
              className={cx(
                'flex w-full flex-wrap items-center gap-x-4 gap-y-1 rounded-control px-3 py-2.5 text-left transition-colors hover:bg-sunken',
                id === shown && 'bg-sunken',
              )}
            >
              <span className="min-w-40 flex-1">
                <span className="block font-medium tabular-nums">
                  {formatCount(total)} {total === 1 ? 'payment' : 'payments'}
                </span>
                <Time at={createdAt} className="text-[13px] text-muted" />
              </span>
              <Status
                tone={STATUS_WORDS[status].tone}
                moving={status === 'processing'}
                className="text-[13px] text-muted"
              >
                {STATUS_WORDS[status].word}
              </Status>
              <Money minor={amount} className="ml-auto min-w-28 text-right font-medium" />
            </button>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          size="small"
          className="mt-3"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </Panel>
  );
}
