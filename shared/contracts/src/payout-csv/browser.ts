// Imported first, because a zod schema reads this setting when it is made.
import './without-eval.ts';
import { parse } from 'csv-parse/browser/esm/sync';
import { payoutCsvReader } from './payout-csv-reader.ts';

export { MAX_PAYOUT_ERRORS_LISTED } from '../payout-item.ts';
export { csvRow } from './csv-row.ts';
export { MAX_CSV_BYTES, UnreadableCsv } from './csv-text.ts';

/** Reads a payout's CSV in a browser, as in Node, with the parser's build for browsers. */
export const readPayoutCsv = payoutCsvReader(parse);
