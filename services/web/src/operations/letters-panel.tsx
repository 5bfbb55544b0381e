'use client';

import { useRef, useState } from 'react';
import { isNone, type DeadLetterGroup, type LetterFilter } from '../api/operations.ts';
import { useLetterGroups, useLetters, useQueues } from '../api/use-operations.ts';
import { Button } from '../ui/button.tsx';
import { More } from '../ui/more.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { LetterFilters } from './letter-filters.tsx';
import { LetterSheet } from './letter-sheet.tsx';
import { LetterGroupsTable, LettersTable } from './letter-tables.tsx';
import { lettersIn } from './letter-words.ts';
import { channelsOf } from './queue-rows.ts';
import { ReplayDialog, type AskedReplay } from './replay-dialog.tsx';
import { asShown } from './replay.ts';
import { UnavailableNote } from '../ui/unavailable-note.tsx';

type View = 'groups' | 'letters';
const VIEWS = [
  { value: 'groups', label: 'By error' },
  { value: 'letters', label: 'One by one' },
] as const;

/** What was given up: by what it died of or one by one, with the message, and its replay. */
export function LettersPanel() {
  const [filter, setFilter] = useState<LetterFilter>({});
  const [view, setView] = useState<View>('groups');
  const [asked, setAsked] = useState<AskedReplay>();
  const [openedId, setOpenedId] = useState<string>();
  const frame = useRef<HTMLDivElement>(null);
  const groups = useLetterGroups(filter);
  const channels = channelsOf(useQueues().data?.data ?? []);
  const letters = useLetters(filter, { enabled: view === 'letters' });

  const shownGroups = groups.data?.data ?? [];
  const total = shownGroups.reduce((sum, { count }) => sum + count, 0);
  const pages = letters.data?.pages ?? [];
  const isNarrowed = Object.values(filter).some((value) => value !== undefined);
  // Of those replayed already, one at a time is enough.
  const isReplayable = filter.state === undefined && total > 0;
  // Until there is what the filter matches, what it matched before is shown.
  const isFormer = groups.isPlaceholderData;
  const empty = emptyOf(isNarrowed);
  const askFor = (what: string, of: readonly DeadLetterGroup[], more: LetterFilter = {}) =>
    setAsked({ what, target: { filter: asShown({ ...filter, ...more }, of) } });

  const narrowTo = (next: LetterFilter) => {
    // The button that was pressed goes with what it narrowed; whoever has a keyboard goes on from here.
    if (next.group !== filter.group) frame.current?.focus();
    setFilter(next);
  };

  return (
    <div ref={frame} tabIndex={-1} className="min-w-0 rounded-card">
      <Panel
        title="Dead letters"
        description={groups.data === undefined ? 'What was given up.' : totalIn(total, filter, isNarrowed)}
        actions={
          <>
            <Segmented label="Show dead letters" value={view} options={VIEWS} onChange={setView} />
            <Button
              size="small"
              icon="refresh"
              disabled={!isReplayable || isFormer}
              onClick={() => askFor(isNarrowed ? 'What the filter matches' : 'All that is open', shownGroups)}
            >
              Replay all…
            </Button>
            <LetterFilters filter={filter} channels={channels} onChange={narrowTo} />
          </>
        }
        state={
          view === 'groups'
            ? panelStateOf(groups, { ...empty, when: isNone })
            : panelStateOf(letters, {
                ...empty,
                when: ({ pages: [first] }) => first !== undefined && isNone(first),
              })
        }
        skeleton={<Skeleton className="h-38" />}
      >
        <UnavailableNote
          channels={(view === 'groups' ? groups.data?.unavailable : pages[0]?.unavailable) ?? []}
        />
        {view === 'groups' ? (
          <LetterGroupsTable
            groups={shownGroups}
            isFormer={isFormer}
            onShow={({ channel, reason, group }) => {
              narrowTo({ ...filter, channel, reason, group });
              setView('letters');
            }}
            onReplay={
              isReplayable
                ? (one) => {
                    const { channel, reason, group } = one;
                    askFor(group, [one], { channel, reason, group });
                  }
                : undefined
            }
          />
        ) : (
          <>
            <LettersTable letters={pages.flatMap(({ data }) => data)} onOpen={setOpenedId} />
            <More pages={letters} className="mt-4">
              Show more
            </More>
          </>
        )}
      </Panel>
      <LetterSheet
        id={openedId}
        onClose={() => setOpenedId(undefined)}
        onReplay={(id) => {
          setOpenedId(undefined);
          setAsked({ what: id, target: { ids: [id] } });
        }}
      />
      <ReplayDialog asked={asked} onClose={() => setAsked(undefined)} />
    </div>
  );
}

function totalIn(total: number, { state }: LetterFilter, isNarrowed: boolean): string {
  if (isNarrowed) return `${lettersIn(total)} match.`;
  return `${lettersIn(total)} ${state ?? 'open'}.`;
}

function emptyOf(isNarrowed: boolean) {
  return isNarrowed
    ? { title: 'Nothing matches', hint: 'Change the search or the filters above to see others.' }
    : {
        title: 'Nothing was given up',
        hint: 'What cannot be delivered after all attempts, or never could be, is kept here with its message.',
      };
}
