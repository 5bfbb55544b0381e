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

export const LIMITS: Limits = {
  topics: 100,
  framesPerSecond: 50,
  mostBufferedBytes: 1024 * 1024,
  pingEveryMs: 25_000,
  pongWithinMs: 8_000,
  closeWithinMs: 1_000,
  tokenNoticeMs: 25_000,
};

/** A fifth more or less, so that what began together does not go on together. */
export const jittered = (ms: number): number => ms * (0.8 + 0.4 * Math.random());
