import { renderTable } from './table.ts';

test('columns are as wide as their widest cell, and lines end without spaces', () => {
  const rows = [
    ['NAME', 'URL', 'DOCS'],
    ['transaction', 'http://a', ''],
    ['push', 'http://bcd', 'x'],
  ];
  expect(renderTable(rows)).toBe(
    ['NAME         URL         DOCS', 'transaction  http://a', 'push         http://bcd  x'].join('\n'),
  );
});
