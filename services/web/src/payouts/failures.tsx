import type { Payout } from '../api/payout.ts';
import { useFailures } from '../api/use-payout.ts';
import { asApiError } from '../api/api-client.ts';
import { formatCount } from '../format/indian.ts';
import { formatPhone } from '../format/phone.ts';
import { ErrorNote } from '../ui/error-note.tsx';
import { Money } from '../ui/money.tsx';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Table, Td, Th } from '../ui/table.tsx';

const SHOWN = 20;

/** Lines that were not paid, with the reason of each. */
export function Failures({ payout }: { payout: Payout }) {
  const { data, error, refetch } = useFailures(payout, SHOWN);
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={2} className="h-9" />;
    return <ErrorNote error={asApiError(error)} retry={() => void refetch()} />;
  }
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
          {data.data.map(({ line, to, amount, detail, code }) => (
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
      {payout.failed > data.data.length && (
        <p className="text-[13px] text-muted">
          The first {formatCount(data.data.length)} of {formatCount(payout.failed)}. All of them are in the
          results.
        </p>
      )}
    </div>
  );
}
