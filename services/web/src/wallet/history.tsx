'use client';

import type { Entry } from '../api/transaction.ts';
import { useEntries } from '../api/use-transaction.ts';
import { formatDay } from '../format/time.ts';
import { cx } from '../ui/cx.ts';
import { Icon } from '../ui/icon.tsx';
import { Money } from '../ui/money.tsx';
import { More } from '../ui/more.tsx';
import { Panel } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Time, useNow } from '../ui/time.tsx';

/** What came and went, newest first; each opens its timeline. */
export function History({ onOpen }: { onOpen: (entry: Entry) => void }) {
  const entries = useEntries();
  const all = entries.data?.pages.flatMap(({ data }) => data) ?? [];
  const state = panelStateOf(entries, {
    when: ({ pages }) => pages.every(({ data }) => data.length === 0),
    title: 'Nothing has moved yet',
    hint: 'Send somebody money: it shows here at once, with who was told and how.',
  });
  return (
    <Panel title="History" state={state} skeleton={<SkeletonRows rows={5} className="h-14" />}>
      <ul className="-mx-2">
        {all.map((entry, index) => (
          <li key={entry.id}>
            <Row entry={entry} before={all[index - 1]} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      <More pages={entries} className="mt-4 w-full">
        Earlier
      </More>
    </Panel>
  );
}

function Row({
  entry,
  before,
  onOpen,
}: {
  entry: Entry;
  before: Entry | undefined;
  onOpen: (entry: Entry) => void;
}) {
  const now = useNow(60_000) ?? entry.createdAt;
  const day = formatDay(entry.createdAt, now);
  const isNewDay = before === undefined || formatDay(before.createdAt, now) !== day;
  const isDebit = entry.direction === 'debit';
  return (
    <>
      {isNewDay && (
        <h3 className={cx('px-2 pb-1 text-xs font-medium text-faint', before !== undefined && 'pt-4')}>
          {day}
        </h3>
      )}
      <button
        type="button"
        onClick={() => onOpen(entry)}
        className="flex w-full items-center gap-3 rounded-control px-2 py-2.5 text-left transition-colors hover:bg-sunken"
      >
        <span className="grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-muted">
          <Icon name={isDebit ? 'arrowUpRight' : 'arrowDownLeft'} />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{entry.counterparty.name}</span>
          <span className="block truncate text-[13px] text-muted">
            <Time at={entry.createdAt} as="time" />
            {entry.note !== '' && ` · ${entry.note}`}
          </span>
        </span>
        <span className="text-right">
          <Money minor={entry.amount} change className={isDebit ? 'font-medium' : 'font-medium text-good'} />
          <span className="block text-[13px] text-faint">
            <Money minor={entry.balance} />
          </span>
        </span>
      </button>
    </>
  );
}
