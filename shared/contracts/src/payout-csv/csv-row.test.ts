import { parse } from 'csv-parse/sync';
import { csvRow, spreadsheetRow } from './csv-row.ts';

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
  // Spreadsheets may cut a text at other separators than ours.
  ['a;=1+1', "a;'=1+1"],
  ['a; =1+1', "a; '=1+1"],
  ['a;b;;-1', "a;b;;'-1"],
  ['a\t@x', "a\t'@x"],
  ['a|+x:=y', "a|'+x:'=y"],
  ['a";"=1+1', `a";"'=1+1`],
  ['one\r\n=two', "one\r\n'=two"],
  // They drop blanks, control and invisible characters before they look.
  ['  =1', "  '=1"],
  ['\t=1', "\t'=1"],
  ['\u0000\u00a0\u200b\u2060=1', "\u0000\u00a0\u200b\u2060'=1"],
  ['\ufeff=1', "\ufeff'=1"],
  // Some read full-width signs as plain ones.
  ['＝1', "'＝1"],
  ['；＋1', '；＋1'],
  ['a;＠x;－1;＋2', "a;'＠x;'－1;'＋2"],
  // Nothing of these begins a formula.
  ['salary, 5 = five', 'salary, 5 = five'],
  ['rent - May', 'rent - May'],
  ['मई 🎉', 'मई 🎉'],
  ["'=1", "'=1"],
  ['', ''],
  // Numbers and phone numbers stay what programs read.
  ['+917010233311', '+917010233311'],
  [-5, '-5'],
  [null, ''],
])('in a file for spreadsheets, %j stands as %j', (text, expected) => {
  const [row] = parse(spreadsheetRow([text, 'x'])) as [string[]];
  expect(row).toEqual([expected, 'x']);
});
