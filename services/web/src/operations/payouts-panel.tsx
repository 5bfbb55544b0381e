'use client';

import { MOST_NEWEST, useNewestPayouts } from '../api/use-payout.ts';
import { panelStateOf } from '../ui/panel-state.ts';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { byLane, countOf, type PayoutLane } from './payout-lanes.ts';

/** How payouts get on, by lane: what is under way for premium and for free accounts. */
export function PayoutsPanel() {
  const payouts = useNewestPayouts();
  const { data = [], nextCursor = null } = payouts.data ?? {};
  return (
    <Panel
      title="Payouts by lane"
      description={`The newest ${MOST_NEWEST} of all accounts. Their turns are among the queues.`}
      state={panelStateOf(payouts, {
        when: (page) => page.data.length === 0,
        title: 'No payouts yet',
        hint: 'People send them from the page Payouts; here they show while they are paid.',
      })}
      skeleton={<Skeleton className="h-32" />}
    >
      <Table label="Payouts by lane">
        <thead>
          <tr>
            <Th>Lane</Th>
            <Th className="text-right">Under way</Th>
            <Th className="text-right">Lines left</Th>
            <Th className="text-right">Finished</Th>
            <Th>Oldest under way</Th>
          </tr>
        </thead>
        <tbody>
          {byLane(data).map((lane) => (
            <Row key={lane.lane} lane={lane} isAll={nextCursor === null} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function Row({
  lane: { lane, underWay, linesLeft, finished, oldestAt },
  isAll,
}: {
  lane: PayoutLane;
  /** There are no older payouts. */
  isAll: boolean;
}) {
  return (
    <tr>
      <Td className="capitalize">{lane}</Td>
      <Td className="text-right font-medium">{countOf(underWay, isAll)}</Td>
      <Td className="text-right">{countOf(linesLeft, isAll)}</Td>
      <Td className="text-right">{countOf(finished, isAll)}</Td>
      <Td className="whitespace-nowrap text-muted">
        {oldestAt === undefined ? <span className="text-faint">none</span> : <Time at={oldestAt} as="ago" />}
      </Td>
    </tr>
  );
}
