import type { Deliveries, Delivery } from '../api/deliveries.ts';
import { formatDuration, type Instant } from '../format/time.ts';

/** In the order in which they are shown; one that is newer than this page comes after them. */
const CHANNELS = ['push', 'phone', 'email'];
const ROLES = ['payer', 'payee'] as const;

/** One of the alerts of a transfer: each channel tells both sides. */
export interface Alert {
  channel: string;
  role: (typeof ROLES)[number];
  /**
   * `waiting`: no channel has taken it up yet. `untold`: nobody is told on this side of the transfer. `unknown`: its
   * channel does not answer. `unrecorded`: what became of it is not kept any more.
   */
  status: Delivery['status'] | 'waiting' | 'untold' | 'unknown' | 'unrecorded';
  /** Undefined where there is none, or none yet. */
  delivery: Delivery | undefined;
}

const isOver = ({ status }: Pick<Alert, 'status'>): boolean => status === 'sent' || status === 'dead';

/** Channels keep what they sent for 30 days at least (`DELIVERY_DAYS`), and all that they have not sent. */
const KEPT_FOR_MS = 30 * 24 * 60 * 60 * 1_000;

/** Whether what a transfer's alerts came to may be forgotten; what is under way never is. */
export const isPastKeeping = (createdAt: Instant, now: number): boolean =>
  now - new Date(createdAt).getTime() > KEPT_FOR_MS;

/** The alerts of a transfer, six of them at least, whatever of them there is already, or still. */
export function alertsOf({ data, unavailable }: Deliveries, { isOld }: { isOld: boolean }): Alert[] {
  const others = [...data.map(({ channel }) => channel), ...unavailable].sort();
  const channels = new Set([...CHANNELS, ...others]);
  return ROLES.flatMap((role) =>
    [...channels].map((channel): Alert => {
      const sides = data.filter((one) => one.channel === channel);
      const delivery = sides.find((one) => one.role === role);
      const status = delivery?.status ?? missing(sides, { isOld, isAway: unavailable.includes(channel) });
      return { channel, role, status, delivery };
    }),
  );
}

function missing(sides: readonly Delivery[], { isOld, isAway }: { isOld: boolean; isAway: boolean }) {
  if (isAway) return 'unknown';
  if (isOld) return 'unrecorded';
  // A channel takes up both sides at once: of a payout's transfer it tells the payee alone.
  return sides.some(isOver) ? 'untold' : 'waiting';
}

const MOVE_NO_MORE: readonly Alert['status'][] = ['untold', 'unrecorded', 'sent', 'dead'];

const QUICK_MS = 400;
const SLOW_MS = 2_000;
/** After that most are settled, and what is not waits for a further attempt. */
const QUICK_FOR_MS = 5_000;

/**
 * When to look again by oneself, in milliseconds; false if nothing is going to move any more. Only push has live
 * events, which are what it delivers: how phone and email fare has to be asked.
 *
 * @param openForMs for how long one has been looking
 */
export function pollAgainMs(
  known: Deliveries | undefined,
  { isOld, openForMs }: { isOld: boolean; openForMs: number },
): number | false {
  const isMoving = ({ status }: Alert) => !MOVE_NO_MORE.includes(status);
  if (known !== undefined && !alertsOf(known, { isOld }).some(isMoving)) return false;
  return openForMs < QUICK_FOR_MS ? QUICK_MS : SLOW_MS;
}

/** Whether an event tells of this transfer. */
export function isAbout({ data }: { data: unknown }, transferId: string): boolean {
  return typeof data === 'object' && data !== null && 'transferId' in data && data.transferId === transferId;
}

/** `next attempt in 4 s`, to the whole second. */
export function nextAttemptIn(at: Instant, now: number): string {
  const leftSeconds = Math.ceil((new Date(at).getTime() - now) / 1_000);
  return leftSeconds > 0
    ? `next attempt in ${formatDuration(leftSeconds * 1_000)}`
    : 'next attempt any moment';
}
