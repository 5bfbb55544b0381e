/** One line of a benchmark's table. */
export interface Figure {
  what: string;
  /** The median of the rounds, where there were several. */
  value: number;
  unit: string;
  /** What each round came to, in their order; shown as the spread. */
  rounds?: readonly number[];
  /** What we want it to be at most; none where it is only there to compare. */
  atMost?: number;
  /** Likewise, at least. */
  atLeast?: number;
}

export interface BenchOptions {
  /** How long the broker is away in `outage`. */
  outageSeconds: number;
  /** How many transfers the largest system of `growth` has made before; the smallest has a five-hundredth. */
  growthTransfers: number;
  /** How often ours and its yardstick are measured, in turns. */
  rounds: number;
  say: (line: string) => void;
}

/** One line of the table of contents. */
export interface Benchmark {
  /** What is measured, in one line. */
  about: string;
  run: (options: BenchOptions) => Promise<Figure[]>;
}
