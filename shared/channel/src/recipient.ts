import type { Party, PaymentEvent, Role } from '@payfan/contracts';

/** Somebody whom an event concerns. */
export interface Recipient {
  role: Role;
  party: Party;
}

/**
 * Everybody whom an event concerns, each of whom is told on every channel. Whoever has made a payout is told once
 * of the whole, as its payer, and not of each transfer.
 */
export function recipientsOf({ type, data }: PaymentEvent): Recipient[] {
  if (type === 'payfan.payout.completed.v1') return [{ role: 'payer', party: data.owner }];
  const { payer, payee, payoutId } = data;
  const payeeOnly: Recipient[] = [{ role: 'payee', party: payee }];
  return payoutId === undefined ? [{ role: 'payer', party: payer }, ...payeeOnly] : payeeOnly;
}

/** A name of this one alert that never changes: the same on every attempt, whoever makes it. */
export const alertReference = (eventId: string, role: Role): string => `${eventId}.${role}`;
