import type { Party, PaymentEvent, Role } from '@payfan/contracts';

/** Somebody whom an event concerns. */
export interface Recipient {
  role: Role;
  party: Party;
}

/** Everybody whom an event concerns, each of whom is told on every channel. */
export function recipientsOf(event: PaymentEvent): Recipient[] {
  const { payer, payee } = event.data;
  return [
    { role: 'payer', party: payer },
    { role: 'payee', party: payee },
  ];
}

/** A name of this one alert that never changes: the same on every attempt, whoever makes it. */
export const alertReference = (eventId: string, role: Role): string => `${eventId}.${role}`;
