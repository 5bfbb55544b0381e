import { formatCount } from '../format/indian.ts';
import { Table, Td, Th } from '../ui/table.tsx';
import type { LineFault } from './good-lines.ts';

interface LineFaultsProps {
  title: string;
  faults: readonly LineFault[];
  /** All of them, of which only the first are named. */
  count: number;
}

/** What is wrong with a file, line by line. */
export function LineFaults({ title, faults, count }: LineFaultsProps) {
  return (
    <section className="grid gap-1 rounded-control border border-bad/30 px-5 py-4 text-ink">
      <h3 className="font-medium text-bad">
        {/* By itself: the table below it has up to a hundred lines to be read out. */}
        <span role="alert">{title}</span>
        {count > faults.length && (
          <span className="font-normal text-muted">
            {' '}
            · the first {formatCount(faults.length)} of {formatCount(count)}
          </span>
        )}
      </h3>
      <div className="max-h-72 overflow-y-auto">
        <Table label={title}>
          <thead>
            <tr>
              <Th>Line</Th>
              <Th>Column</Th>
              <Th>What is wrong</Th>
            </tr>
          </thead>
          <tbody>
            {faults.map(({ line, path, message }) => (
              <tr key={`${line} ${path} ${message}`}>
                <Td>{formatCount(line)}</Td>
                <Td>{path === '' ? <span className="text-faint">all</span> : path}</Td>
                <Td className="min-w-44">{message}</Td>
              </tr>
            ))}
          </tbody>
        </Table>
      </div>
    </section>
  );
}
