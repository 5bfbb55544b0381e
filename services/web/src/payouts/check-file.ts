import { ApiError } from '../api/api-error.ts';
import type * as CsvChecker from './check-csv.ts';
import type { CheckedCsv } from './good-lines.ts';

/** Fetched with the first file, because the reader and its rules weigh more than the rest of the page. */
const loadReader = () => import('./check-csv.ts');

/**
 * Checks a chosen file.
 *
 * @param load fetches the reader
 * @throws ApiError `not_loaded` or `unreadable`, which says what the user can do
 */
export async function checkFile(
  file: File,
  load: () => Promise<Pick<typeof CsvChecker, 'checkCsv'>> = loadReader,
): Promise<CheckedCsv> {
  const { checkCsv } = await load().catch(() => {
    const detail =
      'The part of this page that checks files could not be fetched. Reload the page, then choose the file again.';
    throw new ApiError({ status: 0, code: 'not_loaded', detail });
  });
  return checkCsv(file).catch(() => {
    const detail = `${file.name} could not be read. If it was moved or changed, choose it again.`;
    throw new ApiError({ status: 0, code: 'unreadable', detail });
  });
}
