import type { Delivery } from '@payfan/contracts';

/** In the order in which they are shown. */
const CHANNELS = ['push', 'phone', 'email'] as const;
const ROLES = ['payer', 'payee'] as const;

/** One of the six alerts of a transfer. */
export interface Alert {
  channel: (typeof CHANNELS)[number];
  role: (typeof ROLES)[number];
  /** `waiting`: no channel has taken it up yet. */
  status: Delivery['status'] | 'waiting';
  /** Undefined while it waits. */
  delivery: Delivery | undefined;
}

/** The six alerts of a transfer, whatever of them there is already. */
export function alertsOf(deliveries: readonly Delivery[]): Alert[] {
  return ROLES.flatMap((role) =>
    CHANNELS.map((channel): Alert => {
      const delivery = deliveries.find((one) => one.channel === channel && one.role === role);
      return { channel, role, status: delivery?.status ?? 'waiting', delivery };
    }),
  );
}

/** Whether nothing is going to move by itself any more: all six are sent, or given up. */
export function isSettled(deliveries: readonly Delivery[]): boolean {
  return alertsOf(deliveries).every(({ status }) => status === 'sent' || status === 'dead');
}
