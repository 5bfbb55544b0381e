import { checkFile } from './check-file.ts';
import { csvOf } from './good-lines.ts';

const HEADER = 'to,amount,currency,note\r\n';
const file = new File([`${HEADER}+917010233311,100,INR,lunch\r\n`], 'salaries.csv');

test('a file is checked by the reader that the page fetches', async () => {
  expect(await csvOf(await checkFile(file)).text()).toBe(await file.text());
});

test('a reader that cannot be fetched is no fault of the file: the user reloads the page', async () => {
  const load = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
  await expect(checkFile(file, load)).rejects.toMatchObject({
    code: 'not_loaded',
    detail:
      'The part of this page that checks files could not be fetched. Reload the page, then choose the file again.',
  });
});

test('a file that the browser cannot read is named: the user chooses it again', async () => {
  const checkCsv = () => Promise.reject(new DOMException('The file was changed', 'NotReadableError'));
  await expect(checkFile(file, () => Promise.resolve({ checkCsv }))).rejects.toMatchObject({
    code: 'unreadable',
    detail: 'salaries.csv could not be read. If it was moved or changed, choose it again.',
  });
});
