import type { Currency, Party, Payout, PayoutStatus, Tier } from '@payfan/contracts';

/** What a payout is made of, once it is understood. */
export interface PayoutLines {
  total: number;
  /** Minor units of all of them. */
  amount: number;
  currency: Currency;
  /**
   * JSON, an array for each pack: `[line, to, amount, note]`. Packed, a hundred thousand lines are some megabytes
   * beside the heap, which nobody has to walk through.
   */
  packs: readonly Buffer[];
  /** SHA-256 of what was asked, as understood. */
  fingerprint: Buffer;
}

/** A payout to be stored. */
export interface NewPayout extends PayoutLines {
  id: string;
  accountId: string;
  idempotencyKey: string;
  /** JSON of what is answered. */
  answer: string;
  lane: Tier;
  owner: Party;
  traceparent: string;
  correlationId: string;
  createdAt: Date;
}

/** How far a payout is. */
export type Progress = Pick<Payout, 'total' | 'succeeded' | 'failed' | 'cancelled'>;

/** What a payout is as soon as every item has an outcome. */
export function statusOf({ total, succeeded, failed, cancelled }: Progress): PayoutStatus {
  if (succeeded + failed + cancelled < total) return 'processing';
  if (cancelled > 0) return 'cancelled';
  return failed > 0 ? 'completed_with_failures' : 'completed';
}

/** The key under which a line is paid, once and never again. */
export const itemKey = (payoutId: string, line: number): string => `payout:${payoutId}:${line}`;
