/** Tells a person how it goes. The programs in bin/ make it; it writes to stderr. */
export interface Progress {
  /** Something that just happened. */
  line(text: string): void;
  /** Something done, with how long it took. */
  done(text: string, sinceMs: number): void;
}
