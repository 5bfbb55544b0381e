'use client';

import { Fragment, useState } from 'react';
import type { OutboxStatus, QueueList, QueueStatus } from '../api/operations.ts';
import { useQueues } from '../api/use-operations.ts';
import { formatCount, formatDecimal } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
import { Figure } from '../ui/figure.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge, Status } from '../ui/status.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { NotKnown } from './not-known.tsx';
import {
  byChannel,
  PAYOUTS,
  remembered,
  type ChannelQueues,
  type Held,
  type QueueHistory,
} from './queue-rows.ts';
import { Sparkline } from './sparkline.tsx';

/** What waits: in the queues by channel and lane, payouts by tier among them, and before them in the outbox. */
export function QueuesPanel() {
  const queues = useQueues();
  const history = useQueueHistory(queues.data, queues.dataUpdatedAt);
  const { data } = queues;
  return (
    <>
      <Panel
        title="Queues"
        description="As the broker counts them, every two seconds. The line is the last two minutes."
        state={panelStateOf(queues, {
          when: ({ data: all, missing }) => all.length === 0 && missing.length === 0,
          title: 'There are no queues',
          hint: 'The channels declare theirs when they start. Start one, and it shows here.',
        })}
        skeleton={<Skeleton className="h-116" />}
      >
        {data !== undefined && <Queues list={data} history={history} />}
      </Panel>
      <Panel
        title="Outbox"
        description="Committed with the money, and not at the broker yet."
        state={panelStateOf(queues)}
        skeleton={<Skeleton className="h-12" />}
      >
        {data !== undefined && <Outbox outbox={data.outbox} />}
      </Panel>
    </>
  );
}

/** Every poll adds what is held now. */
function useQueueHistory(list: QueueList | undefined, polledAt: number): QueueHistory {
  const [kept, setKept] = useState<{ at: number; history: QueueHistory }>({ at: 0, history: new Map() });
  if (list === undefined || polledAt === kept.at) return kept.history;
  const history = remembered(kept.history, list.data, polledAt);
  setKept({ at: polledAt, history });
  return history;
}

function Queues({ list, history }: { list: QueueList; history: QueueHistory }) {
  return (
    <div className="grid gap-4">
      {list.missing.length > 0 && (
        <p className="rounded-control bg-warn-soft px-4 py-3 text-warn">
          The broker does not hold {list.missing.join(', ')}. Whoever reads from there declares it at its
          start.
        </p>
      )}
      <Table label="Queues by channel and lane">
        <thead>
          <tr>
            <Th>Lane</Th>
            <Th className="text-right">Ready</Th>
            <Th className="text-right">Unacked</Th>
            <Th className="text-right">Consumers</Th>
            <Th className="text-right">In / s</Th>
            <Th className="text-right">Out / s</Th>
            <Th className="text-right">Oldest</Th>
            <Th>Held</Th>
          </tr>
        </thead>
        <tbody>
          {byChannel(list.data).map((row) => (
            <Fragment key={row.channel}>
              <ChannelRow row={row} />
              {row.lanes.map((queue) => (
                <LaneRow key={queue.name} queue={queue} held={history.get(queue.name) ?? []} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function ChannelRow({ row: { channel, retrying, dead } }: { row: ChannelQueues }) {
  return (
    <tr>
      <th scope="rowgroup" colSpan={8} className="border-b pt-5 pb-2 text-left font-normal">
        <span className="flex flex-wrap items-center gap-2">
          <span className="mr-1 font-semibold capitalize">{channel}</span>
          {channel === PAYOUTS && <span className="text-[13px] text-muted">turns by lane</span>}
          <Badge tone={retrying !== null && retrying > 0 ? 'warn' : 'neutral'}>
            {countOrNot(retrying)} to retry
          </Badge>
          <Badge tone={dead !== null && dead > 0 ? 'bad' : 'neutral'}>{countOrNot(dead)} dead</Badge>
        </span>
      </th>
    </tr>
  );
}

function LaneRow({ queue, held }: { queue: QueueStatus; held: readonly Held[] }) {
  const { name, lane, ready, unacked, consumers, publishRate, deliverRate, oldestAgeSeconds, pausedSeconds } =
    queue;
  return (
    <tr>
      <Td>
        <span title={name} className="capitalize">
          {lane ?? name}
        </span>
        {pausedSeconds !== null && pausedSeconds > 0 && (
          <Status tone="bad" className="ml-3 text-[13px]">
            Paused for {formatDuration(pausedSeconds * 1_000)}: every provider fails
          </Status>
        )}
      </Td>
      <Count value={ready} />
      <Count value={unacked} />
      <Td className="text-right">
        {consumers === 0 ? <Status tone="bad">None</Status> : countOrNot(consumers)}
      </Td>
      <Rate value={publishRate} />
      <Rate value={deliverRate} />
      <Td className="text-right whitespace-nowrap">{oldestOf(ready, oldestAgeSeconds)}</Td>
      <Td className="w-28 py-1.5">
        <Sparkline values={held} />
      </Td>
    </tr>
  );
}

const quietIfNone = (value: number | null) => `text-right ${value === 0 ? 'text-faint' : 'font-medium'}`;

const countOrNot = (value: number | null) => (value === null ? <NotKnown /> : formatCount(value));

function Count({ value }: { value: number | null }) {
  return <Td className={quietIfNone(value)}>{countOrNot(value)}</Td>;
}

function Rate({ value }: { value: number | null }) {
  return <Td className={quietIfNone(value)}>{value === null ? <NotKnown /> : formatDecimal(value)}</Td>;
}

function Outbox({ outbox: { waiting, oldestAgeSeconds } }: { outbox: OutboxStatus }) {
  return (
    <dl className="flex flex-wrap gap-x-12 gap-y-3">
      <Figure label="Waiting">{waiting === null ? <NotKnown /> : formatCount(waiting)}</Figure>
      <Figure label="Oldest">{oldestOf(waiting, oldestAgeSeconds)}</Figure>
    </dl>
  );
}

function oldestOf(waiting: number | null, ageSeconds: number | null) {
  if (waiting === 0) return <span className="text-faint">–</span>;
  return ageSeconds === null ? <NotKnown /> : formatDuration(ageSeconds * 1_000);
}
