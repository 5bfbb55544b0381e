import type { Figure } from './figure.ts';
import { describeSurroundings, type BenchResult } from './report.ts';
import { spread } from './statistics.ts';
import { amount, verdict } from './verdict.ts';

const WIDTH = 760;
const MARGIN = 24;
/** How long the longest bar of a unit is; its value stands behind it. */
const SCALE = 560;
const HEAD = 84;
const UNIT_HEAD = 34;
const ROW = 52;
/** Room for a value in words. */
const WORDS = 110;
/** Of the bar, from the top of its row. */
const BAR = { top: 22, height: 16 };

const STYLE = `
    svg { --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --bar: #5b8fd6; --missed: #d1242f; --limit: #9a6700; }
    @media (prefers-color-scheme: dark) {
      svg { --ground: #0d1117; --ink: #e6edf3; --faint: #9198a1; --bar: #3a6cb5; --missed: #c93c37; --limit: #e3b341; }
    }
    text { font: 13px system-ui, sans-serif; fill: var(--ink); }
    .name { font-size: 18px; font-weight: 600; }
    .unit { font-weight: 600; }
    .faint { font-size: 11px; fill: var(--faint); }
    .ground { fill: var(--ground); }
    .bar { fill: var(--bar); }
    .missed { fill: var(--missed); }
    .whisker { stroke: var(--ink); stroke-width: 1.5; fill: none; }
    .limit { stroke: var(--limit); stroke-width: 2; stroke-dasharray: 5 3; }
  `;

/**
 * A bar for each figure, those of one unit on one scale from zero: whiskers from the least round to the
 * greatest, a dashed line at the limit. It needs nothing but itself, and heeds the reader's light or dark.
 */
export function renderPlot(result: BenchResult): string {
  const parts: string[] = [];
  let y = HEAD;
  for (const [unit, figures] of byUnit(result.figures)) {
    parts.push(text({ x: MARGIN, y: y + 20, class: 'unit' }, unit));
    y += UNIT_HEAD;
    const scale = scaleOf(figures);
    for (const figure of figures) {
      parts.push(...row(figure, y, scale));
      y += ROW;
    }
  }
  const height = y + MARGIN / 2;
  const [machine = '', versions = ''] = describeSurroundings(result);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
  <title>${escape(result.name)}</title>
  <style>${STYLE}</style>
  ${[
    element('rect', { class: 'ground', width: WIDTH, height }),
    text({ x: MARGIN, y: 34, class: 'name' }, result.name),
    text({ x: MARGIN, y: 54, class: 'faint' }, machine),
    text({ x: MARGIN, y: 70, class: 'faint' }, `${versions}, ${result.at}`),
    ...parts,
  ].join('\n  ')}
</svg>
`;
}

function byUnit(figures: readonly Figure[]): Map<string, Figure[]> {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) groups.set(figure.unit, [...(groups.get(figure.unit) ?? []), figure]);
  return groups;
}

/** From a value to its distance from zero, such that the greatest of them all just fits. */
function scaleOf(figures: readonly Figure[]): (value: number) => number {
  const values = figures.flatMap(({ value, rounds = [], atMost = 0, atLeast = 0 }) => [
    value,
    ...rounds,
    atMost,
    atLeast,
  ]);
  const greatest = Math.max(...values.filter(Number.isFinite)) || 1;
  return (value) =>
    Number.isFinite(value) ? Math.max(0, Math.round((value / greatest) * SCALE * 10) / 10) : 0;
}

function row(figure: Figure, top: number, scale: (value: number) => number): string[] {
  const judged = verdict(figure);
  const barTop = top + BAR.top;
  const middle = barTop + BAR.height / 2;
  const length = scale(figure.value);
  const between = spread(figure.rounds ?? []);
  const limits = [figure.atMost, figure.atLeast].flatMap((limit) =>
    limit === undefined ? [] : [scale(limit)],
  );
  const drawn = Math.max(length, between === undefined ? 0 : scale(between.max));
  // No line is to go through the words.
  const end = Math.max(drawn, ...limits.filter((limit) => limit < drawn + WORDS));
  return [
    text({ x: MARGIN, y: top + 14 }, figure.what),
    ...(judged === undefined
      ? []
      : [text({ x: WIDTH - MARGIN, y: top + 14, class: 'faint', 'text-anchor': 'end' }, judged.text)]),
    element('rect', {
      class: judged?.isMet === false ? 'bar missed' : 'bar',
      x: MARGIN,
      y: barTop,
      width: length,
      height: BAR.height,
    }),
    ...(between === undefined
      ? []
      : [whisker(MARGIN + scale(between.min), MARGIN + scale(between.max), middle)]),
    ...limits.map((limit) => {
      const x = MARGIN + limit;
      return element('line', { class: 'limit', x1: x, x2: x, y1: barTop - 4, y2: barTop + BAR.height + 4 });
    }),
    text({ x: MARGIN + end + 8, y: middle + 5 }, amount(figure.value, figure.unit)),
  ];
}

function whisker(from: number, to: number, y: number): string {
  const caps = `M${from} ${y - 4}v8M${to} ${y - 4}v8`;
  return element('path', { class: 'whisker', d: `M${from} ${y}H${to}${caps}` });
}

type Attributes = Record<string, string | number>;

function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  const start = `<${name}${written.join('')}`;
  return content === undefined ? `${start}/>` : `${start}>${escape(content)}</${name}>`;
}

const text = (attributes: Attributes, content: string): string => element('text', attributes, content);

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Also replaces what may not stand in XML at all (https://www.w3.org/TR/xml/#charsets). */
function escape(raw: string): string {
  return raw
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
