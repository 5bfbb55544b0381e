/** A line that the page showed as good, as it is sent. */
export interface GoodLine {
  /** Of the file, whose header is line 1. */
  line: number;
  /** Minor units. */
  amount: number;
  /** The row of CSV that pays what was shown. */
  row: string;
}

export interface LineFault {
  /** Of the file, whose header is line 1. */
  line: number;
  /** The column; empty for the whole line. */
  path: string;
  message: string;
}

/** What a file of payments holds. */
export interface CheckedCsv {
  /** In the order of the file. */
  good: readonly GoodLine[];
  /** Minor units of the good lines. */
  amount: number;
  badLines: number;
  faultCount: number;
  /** The first of them. */
  faults: readonly LineFault[];
  /** The rest of the file cannot be read, so no part of it can be sent. */
  isUnreadable: boolean;
}

const HEADER = 'to,amount,currency,note\r\n';

/**
 * The CSV that pays the good lines and no others. Blank lines stand for what is left out, so that the payout service
 * numbers lines as the file does.
 */
export function csvOf({ good }: Pick<CheckedCsv, 'good'>): Blob {
  const rows = [HEADER];
  let next = 2;
  for (const { line, row } of good) {
    rows.push('\n'.repeat(line - next), row);
    next = line + 1;
  }
  return new Blob(rows, { type: 'text/csv' });
}

/** The same file without lines that the payout service refused. */
export function withoutLines(checked: CheckedCsv, refused: ReadonlySet<number>): CheckedCsv {
  const good = checked.good.filter(({ line }) => !refused.has(line));
  return {
    ...checked,
    good,
    amount: good.reduce((sum, { amount }) => sum + amount, 0),
    badLines: checked.badLines + checked.good.length - good.length,
  };
}
