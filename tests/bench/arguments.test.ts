import { BadArguments, parseBenchArguments, usage } from './arguments.ts';

const KNOWN = ['transfers', 'growth'];
const parse = (...args: string[]) => parseBenchArguments(args, KNOWN);

test('without arguments, all of them in three rounds', () => {
  expect(parse()).toEqual({
    help: false,
    names: KNOWN,
    rounds: 3,
    outageSeconds: 60,
    growthTransfers: 5_000_000,
    plot: false,
  });
});

test('names and options in any order, each name once', () => {
  const asked = parse('--plot', 'growth', '--rounds', '5', 'transfers', '--outage-seconds=0.5', 'growth');
  expect(asked).toEqual({
    help: false,
    names: ['growth', 'transfers'],
    rounds: 5,
    outageSeconds: 0.5,
    growthTransfers: 5_000_000,
    plot: true,
  });
});

test.each(['-h', '--help'])('%s asks for help', (option) => {
  expect(parse(option).help).toBe(true);
});

test.each(['0', '-1', '1.5', 'many', '', 'Infinity'])('--rounds=%s is refused', (given) => {
  expect(() => parse(`--rounds=${given}`)).toThrow(
    new BadArguments(`--rounds takes a whole number of at least 1, not "${given}".`),
  );
});

test.each(['0', '-1', 'long', 'Infinity'])('--outage-seconds=%s is refused', (given) => {
  expect(() => parse(`--outage-seconds=${given}`)).toThrow(
    new BadArguments(`--outage-seconds takes a number above 0, such as 60, not "${given}".`),
  );
});

test.each(['499999', '5e5.5', 'many'])('--growth-transfers=%s is refused', (given) => {
  expect(() => parse(`--growth-transfers=${given}`)).toThrow(
    new BadArguments(`--growth-transfers takes a whole number of at least 500000, not "${given}".`),
  );
});

// An object's own inheritance is not a benchmark.
test.each(['grwth', 'constructor'])('an unknown name, %s, is answered with those there are', (name) => {
  expect(() => parse('growth', name)).toThrow(
    new BadArguments(`There is no benchmark "${name}"; there are transfers, growth.`),
  );
});

test('an unknown option is named', () => {
  expect(() => parse('--round', '3')).toThrow(BadArguments);
  expect(() => parse('--round', '3')).toThrow(/'--round'/);
});

test('help lists every benchmark with its line', () => {
  const run = () => Promise.resolve([]);
  const text = usage({ transfers: { about: 'money moves', run }, growth: { about: 'rows pile up', run } });
  expect(text).toContain('\n  transfers  money moves\n  growth     rows pile up\n');
});
