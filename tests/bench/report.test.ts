import type { Figure } from './figure.ts';
import { complaint, missed, renderReport, type BenchResult } from './report.ts';
import { digits, verdict } from './verdict.ts';

const result = (...figures: Figure[]): BenchResult => ({
  name: 'transfers',
  at: '2026-01-02T03:04:05.678Z',
  machine: { cpu: 'AMD EPYC', cores: 2, memoryBytes: 8 * 1_024 ** 3, os: 'Linux 6.1.0 x64' },
  versions: { node: '20.19.0', postgres: '18.4', rabbitmq: '3.10.8' },
  commit: 'd166145a1d8d-dirty',
  figures,
});

test('a line for each figure, and beneath them where they were measured', () => {
  const shown = renderReport(
    result(
      { what: 'pgbench', value: 1_621.4, unit: '/s', rounds: [1_700, 1_499.6, 1_621.4] },
      { what: 'against it', value: 2.5, unit: '×', rounds: [2.5], atLeast: 3 },
      { what: 'p99', value: 12.345, unit: 'ms', rounds: [12.345, 9.5], atMost: 50 },
      { what: 'refused', value: 0, unit: 'transfers', atMost: 0 },
    ),
    { colours: false },
  );
  expect(shown).toBe(`transfers   median       spread         limit
pgbench     1,621 /s     1,500 – 1,700
against it  2.50 ×                      below 3 ×
p99         12.3 ms      9.50 – 12.3    within 50 ms
refused     0 transfers                 within 0 transfers

2 cores of AMD EPYC, 8.0 GiB of memory, Linux 6.1.0 x64
Node.js 20.19.0, PostgreSQL 18.4, RabbitMQ 3.10.8, commit d166145a1d8d-dirty
`);
});

test('in colour, green keeps its limit and red does not', () => {
  const lines = renderReport(
    result(
      { what: 'a', value: 1, unit: 's', atMost: 2 },
      { what: 'b', value: 3, unit: 's', atMost: 2 },
      { what: 'c', value: 3, unit: 's' },
    ),
    { colours: true },
  ).split('\n');
  expect(lines.slice(1, 4)).toEqual([
    'a          1 s             \u001b[32mwithin 2 s\u001b[0m',
    'b          3 s             \u001b[31mbeyond 2 s\u001b[0m',
    'c          3 s',
  ]);
});

test.each<[Partial<Figure>, ReturnType<typeof verdict>]>([
  [{}, undefined],
  [{ atMost: 5 }, { isMet: true, text: 'within 5 s' }],
  [{ atMost: 4.9 }, { isMet: false, text: 'beyond 4.90 s' }],
  [{ atLeast: 5 }, { isMet: true, text: 'reaches 5 s' }],
  [{ atLeast: 1_000 }, { isMet: false, text: 'below 1,000 s' }],
  [
    { atLeast: 1, atMost: 4 },
    { isMet: false, text: 'beyond 4 s, reaches 1 s' },
  ],
  [
    { value: Number.NaN, atMost: 4 },
    { isMet: false, text: 'beyond 4 s' },
  ],
  [
    { value: Number.NaN, atLeast: 4 },
    { isMet: false, text: 'below 4 s' },
  ],
])('five seconds, but %j', (more, expected) => {
  expect(verdict({ what: 'it', value: 5, unit: 's', ...more })).toEqual(expected);
});

test.each([
  [0, '0'],
  [7, '7'],
  [200_000, '200,000'],
  [1_234.56, '1,235'],
  [99.96, '100'],
  [99.94, '99.9'],
  [0.012345, '0.0123'],
  [-12.345, '-12.3'],
])('%d is written %s', (value, expected) => {
  expect(digits(value)).toBe(expected);
});

test('what could not be measured says so', () => {
  const shown = renderReport(result({ what: 'p99', value: Number.NaN, unit: 'ms' }), { colours: false });
  expect(shown).toContain('\np99        not measured\n');
});

test('the last line names what misses its limit and what failed, and nothing else', () => {
  const figures = [
    { what: 'ratio, 64', value: 2, unit: '×', atLeast: 3 },
    { what: 'ratio, 256', value: 1, unit: '×', atLeast: 3 },
    { what: 'p99', value: 2, unit: 'ms', atMost: 3 },
  ];
  expect(missed(figures)).toEqual(['ratio, 64', 'ratio, 256']);
  const outcomes = [
    { name: 'growth', missed: [] },
    { name: 'transfers', missed: missed(figures) },
    { name: 'outage', missed: 'all' as const },
  ];
  expect(complaint(outcomes)).toBe(
    'Not as wanted: transfers misses the limit of "ratio, 64", "ratio, 256"; outage failed.',
  );
  expect(complaint([{ name: 'growth', missed: [] }])).toBeUndefined();
});
