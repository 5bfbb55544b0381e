import type { Payout, PayoutItemResult } from '../api/payout.ts';
import { useFailures } from '../api/use-payout.ts';
import { formatCount } from '../format/indian.ts';
import { formatPhone } from '../format/phone.ts';
import { Money } from '../ui/money.tsx';
import { PanelContent } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Table, Td, Th } from '../ui/table.tsx';

const SHOWN = 20;

/** Lines that were not paid, with the reason of each. */
export function Failures({ payout }: { payout: Payout }) {
  const failures = useFailures(payout, SHOWN);
  return (
    <PanelContent state={panelStateOf(failures)} skeleton={<SkeletonRows rows={2} className="h-9" />}>
      {failures.data !== undefined && <Lines lines={failures.data.data} failed={payout.failed} />}
    </PanelContent>
  );
}

function Lines({ lines, failed }: { lines: readonly PayoutItemResult[]; failed: number }) {
  return (
    <div className="grid gap-2">
      <h3 className="font-medium">Lines that failed</h3>
      <Table label="Lines that failed">
        <thead>
          <tr>
            <Th>Line</Th>
            <Th>To</Th>
            <Th className="text-right">Amount</Th>
            <Th>Why</Th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ line, to, amount, detail, code }) => (
            <tr key={line}>
              <Td>{formatCount(line)}</Td>
              <Td className="whitespace-nowrap">{formatPhone(to)}</Td>
              <Td className="text-right">
                <Money minor={amount} />
              </Td>
              <Td className="min-w-44 text-muted">{detail ?? code}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {failed > lines.length && (
        <p className="text-[13px] text-muted">
          The first {formatCount(lines.length)} of {formatCount(failed)}. All of them are in the results.
        </p>
      )}
    </div>
  );
}
