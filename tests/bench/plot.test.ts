import type { Figure } from './figure.ts';
import { renderPlot } from './plot.ts';

const plot = (...figures: Figure[]) =>
  renderPlot({
    name: 'relay',
    at: '2026-01-02T03:04:05.678Z',
    machine: { cpu: 'AMD & Co <x>', cores: 1, memoryBytes: 16 * 1_024 ** 3, os: 'Linux 6.1.0 x64' },
    versions: { node: '20.19.0', postgres: '18.4', rabbitmq: '3.10.8' },
    commit: 'd166145a1d8d',
    figures,
  });

/** Every tag of a well-formed document, in order; throws where it is not well formed. */
function elements(svg: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: ReturnType<typeof elements> = [];
  const open: ReturnType<typeof elements> = [];
  const token = /<\/([a-z]+)>|<([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/y;
  while (token.lastIndex < svg.length) {
    const at = token.lastIndex;
    const match = token.exec(svg);
    if (match === null) throw new Error(`not XML: ${svg.slice(at, at + 80)}`);
    const [whole, closed, opened, attributes = '', empty, text = ''] = match;
    if (/&(?!(?:amp|lt|gt|quot);)/.test(whole)) throw new Error(`a bare ampersand: ${whole}`);
    const parent = open.at(-1);
    if (closed !== undefined) {
      if (open.pop()?.name !== closed) throw new Error(`</${closed}> closes something else`);
    } else if (opened !== undefined) {
      if (parent === undefined && found.length > 0) throw new Error(`<${opened}> is a second root`);
      const pairs = [...attributes.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]);
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`twice in ${whole}`);
      const one = { name: opened, attributes: Object.fromEntries(pairs), text: '' };
      found.push(one);
      if (empty === '') open.push(one);
    } else if (parent !== undefined) parent.text += text;
    else if (text.trim() !== '') throw new Error(`text outside of the root: ${text}`);
  }
  if (open.length > 0) throw new Error(`<${open[0]?.name}> stays open`);
  return found;
}

const ofClass = (svg: string, name: string) =>
  elements(svg).filter(({ attributes }) => attributes['class']?.split(' ').includes(name));
const numbersOf = (svg: string, name: string, attribute: string) =>
  ofClass(svg, name).map(({ attributes }) => Number(attributes[attribute]));
const texts = (svg: string) => elements(svg).flatMap(({ name, text }) => (name === 'text' ? [text] : []));

test('bars of one unit are as long as their values, and those of another have a scale of their own', () => {
  const svg = plot(
    { what: 'ours', value: 3_000, unit: '/s' },
    { what: 'p50', value: 4, unit: 'ms' },
    { what: 'theirs', value: 1_000, unit: '/s' },
    { what: 'p99', value: 1, unit: 'ms' },
  );
  const [ours = 0, theirs = 0, p50 = 0, p99 = 0] = numbersOf(svg, 'bar', 'width');
  expect(ours).toBeGreaterThan(100);
  expect(ours / theirs).toBeCloseTo(3, 1);
  expect(p50).toBe(ours);
  expect(p50 / p99).toBeCloseTo(4, 1);
  expect(ofClass(svg, 'unit').map(({ text }) => text)).toEqual(['/s', 'ms']);
  expect(texts(svg)).toEqual(
    expect.arrayContaining(['ours', '3,000 /s', 'theirs', '1,000 /s', 'p50', '4 ms']),
  );
});

test('whiskers go from the least round to the greatest, where there were several', () => {
  const svg = plot(
    { what: 'ours', value: 50, unit: '/s', rounds: [100, 25, 50] },
    { what: 'once', value: 100, unit: '/s', rounds: [100] },
  );
  const whiskers = ofClass(svg, 'whisker');
  const [left = 0] = numbersOf(svg, 'bar', 'x');
  const full = Math.max(...numbersOf(svg, 'bar', 'width'));
  expect(whiskers).toHaveLength(1);
  const [, from, to] = /^M(\S+) \S+H([\d.]+)/.exec(whiskers[0]?.attributes['d'] ?? '') ?? [];
  expect(Number(from)).toBe(left + full / 4);
  expect(Number(to)).toBe(left + full);
});

test('a limit is a dashed line at its place, and a bar that misses it looks so', () => {
  const svg = plot(
    { what: 'slow', value: 100, unit: 's', atMost: 50 },
    { what: 'fast', value: 10, unit: 's', atMost: 50 },
    { what: 'any', value: 10, unit: 's' },
  );
  const [left = 0] = numbersOf(svg, 'bar', 'x');
  const [full = 0] = numbersOf(svg, 'bar', 'width');
  expect(numbersOf(svg, 'limit', 'x1')).toEqual([left + full / 2, left + full / 2]);
  expect(numbersOf(svg, 'missed', 'width')).toEqual([full]);
  expect(texts(svg)).toEqual(expect.arrayContaining(['beyond 50 s', 'within 50 s']));
  expect(svg).toContain('stroke-dasharray');
});

test('a value stands behind its bar, and behind a limit that is near', () => {
  const svg = plot(
    { what: 'near', value: 90, unit: 's', atMost: 100 },
    { what: 'far', value: 10, unit: 's', atMost: 100 },
  );
  const [left = 0] = numbersOf(svg, 'bar', 'x');
  const [, far = 0] = numbersOf(svg, 'bar', 'width');
  const [near, limit = 0] = numbersOf(svg, 'limit', 'x1');
  const xOf = (words: string) => Number(elements(svg).find(({ text }) => text === words)?.attributes['x']);
  expect(near).toBe(limit);
  expect(xOf('90 s')).toBeGreaterThan(limit);
  expect(xOf('10 s')).toBeGreaterThan(left + far);
  expect(xOf('10 s')).toBeLessThan(limit);
});

test('a limit out of reach still fits on the scale', () => {
  const svg = plot({ what: 'ratio', value: 1, unit: '×', atLeast: 4 });
  const [left = 0] = numbersOf(svg, 'bar', 'x');
  const [bar = 0] = numbersOf(svg, 'bar', 'width');
  expect(numbersOf(svg, 'limit', 'x1')).toEqual([left + bar * 4]);
});

test('whatever a figure is called, the drawing stays well formed', () => {
  const svg = plot({ what: `<script>"a" & 'b'</script> ]]> \u0000\ud800 ₹ 🙂`, value: 1, unit: '"<&>' });
  expect(elements(svg).some(({ name }) => name === 'script')).toBe(false);
  expect(texts(svg)).toContain(
    `&lt;script&gt;&quot;a&quot; &amp; 'b'&lt;/script&gt; ]]&gt; \ufffd\ufffd ₹ 🙂`,
  );
  expect(texts(svg)).toContain('1 core of AMD &amp; Co &lt;x&gt;, 16 GiB of memory, Linux 6.1.0 x64');
});

test('zero, less than zero, and what could not be measured have no bar but their words', () => {
  const svg = plot(
    { what: 'none', value: 0, unit: 'events', atMost: 0 },
    { what: 'less', value: -2, unit: 'MB', rounds: [-3, -1] },
    { what: 'unknown', value: Number.NaN, unit: 'ms', rounds: [Number.NaN, Number.NaN], atMost: 10 },
  );
  expect(numbersOf(svg, 'bar', 'width')).toEqual([0, 0, 0]);
  expect(texts(svg)).toEqual(expect.arrayContaining(['0 events', '-2 MB', 'not measured']));
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('without figures there is a head and nothing else', () => {
  expect(ofClass(plot(), 'bar')).toEqual([]);
  expect(texts(plot())).toContain('relay');
});

test('it heeds a dark background, and needs nothing from elsewhere', () => {
  const svg = plot({ what: 'a', value: 1, unit: 's' });
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import/);
});
