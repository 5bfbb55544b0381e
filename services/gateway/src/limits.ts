/** What one connection may do, and how it is looked after. */
export interface Limits {
  /** Topics that one connection may follow. */
  readonly topics: number;
  /** Frames from a client, on average. */
  readonly framesPerSecond: number;
  /** What may wait for a client that does not read. */
  readonly mostBufferedBytes: number;
  /** How often a connection is asked whether it is alive, give or take a fifth; and how long its answer may take. */
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
  /** After a close frame; then the connection is cut. */
  readonly closeWithinMs: number;
  /**
   * How long before a token ends its owner is told. Less than the margin for which an API key's verdict is
   * remembered (30 s), so that a key sent again is asked about again.
   */
  readonly tokenNoticeMs: number;
}

/** Those that are no settings (config.ts has the others, with their defaults). */
export const LIMITS = {
  closeWithinMs: 1_000,
  tokenNoticeMs: 25_000,
} satisfies Partial<Limits>;

/** A fifth more or less, so that what began together does not go on together. */
export const jittered = (ms: number): number => ms * (0.8 + 0.4 * Math.random());
