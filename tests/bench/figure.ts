/** One line of a benchmark's table. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  /** What we want it to be at most; none where it is only there to compare. */
  atMost?: number;
  /** Likewise, at least. */
  atLeast?: number;
}

export interface BenchOptions {
  /** How long the broker is away in `outage`. */
  outageSeconds: number;
  say: (line: string) => void;
}
