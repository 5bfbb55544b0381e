import { parse } from 'csv-parse/sync';
import { asPlainText, csvRow } from './csv-row.ts';

test('what is written is what is read', () => {
  const rows = [
    ['plain', 'with, comma', 'with "quotes"', ' spaces ', 'two\nlines', 'मई 🎉', ''],
    ['+917010233311', '1', '"', ',', '\r', 'x', 'y'],
  ];
  expect(parse(rows.map((row) => csvRow(row)).join(''))).toEqual(rows);
});

test('quotes are there only where they are needed, and nothing for nothing', () => {
  expect(csvRow(['a', 1, null, 'b c', 'd,e'])).toBe('a,1,,b c,"d,e"\r\n');
});

test.each([
  ['=1+1', "'=1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['+91 for May', "'+91 for May"],
  ['-5', "'-5"],
  ['salary, 5 = five', 'salary, 5 = five'],
  ['', ''],
])('the words %s are no formula: %s', (words, plain) => {
  expect(asPlainText(words)).toBe(plain);
});
