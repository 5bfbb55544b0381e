import {
  csvRow,
  MAX_CSV_BYTES,
  MAX_PAYOUT_ERRORS_LISTED,
  readPayoutCsv,
  UnreadableCsv,
} from '@payfan/contracts/payout-csv/browser';
import { formatMoney, LARGEST_AMOUNT } from '../format/money.ts';
import type { CheckedCsv, GoodLine, LineFault } from './good-lines.ts';

const TOO_MUCH = `brings the total above ${formatMoney(LARGEST_AMOUNT)}, which no balance covers`;
const TOO_LARGE = `and more: a file has at most ${MAX_CSV_BYTES / 1024 / 1024} MB`;

/** Checks a file by the reader and the rules of the payout service. The page stays responsive: it reads in pieces. */
export async function checkCsv(file: Blob): Promise<CheckedCsv> {
  const good: GoodLine[] = [];
  const faults: LineFault[] = [];
  const found = { amount: 0, badLines: 0, faultCount: 0 };
  try {
    if (file.size > MAX_CSV_BYTES) throw new UnreadableCsv(1, TOO_LARGE);
    await readPayoutCsv(piecesOf(file), ({ line, item, errors }) => {
      if (errors !== undefined) {
        found.badLines += 1;
        found.faultCount += errors.length;
        if (faults.length < MAX_PAYOUT_ERRORS_LISTED) {
          faults.push(...errors.map((error) => ({ line, ...error })));
        }
        return;
      }
      const { to, amount, currency, note } = item;
      // By subtraction, which is exact: a sum above the largest amount would be rounded.
      if (amount > LARGEST_AMOUNT - found.amount) throw new UnreadableCsv(line, TOO_MUCH);
      found.amount += amount;
      good.push({ line, amount, row: csvRow([to, amount, currency, note]) });
    });
    return { ...found, good, faults: faults.slice(0, MAX_PAYOUT_ERRORS_LISTED), isUnreadable: false };
  } catch (error) {
    if (!(error instanceof UnreadableCsv)) throw error;
    // First, because the other mistakes do not matter before this one is mended.
    faults.unshift({ line: error.line, path: '', message: error.reason });
    return {
      ...found,
      good,
      badLines: found.badLines + 1,
      faultCount: found.faultCount + 1,
      faults: faults.slice(0, MAX_PAYOUT_ERRORS_LISTED),
      isUnreadable: true,
    };
  }
}

/** Safari cannot iterate over a stream. */
async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Otherwise the browser would go on reading a file whose check has ended at a mistake.
    await reader.cancel();
  }
}
