import { parse } from 'csv-parse/sync';
import { payoutCsvReader } from './payout-csv-reader.ts';

export { csvRow, spreadsheetRow } from './csv-row.ts';
export { CsvTooLarge, MAX_CSV_BYTES, UnreadableCsv } from './csv-text.ts';

/** Reads a payout's CSV, in Node. */
export const readPayoutCsv = payoutCsvReader(parse);
