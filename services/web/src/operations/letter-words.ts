import type { DeadLetterReason } from '../api/operations.ts';
import { formatCount } from '../format/indian.ts';

export const REASONS: Readonly<Record<DeadLetterReason, string>> = {
  rejected: 'Rejected',
  exhausted: 'Out of attempts',
  unreadable: 'Unreadable',
  delivery_limit: 'Given back too often',
  untrusted_publisher: 'Not from the service that publishes it',
};

export const lettersIn = (count: number): string =>
  `${formatCount(count)} ${count === 1 ? 'letter' : 'letters'}`;
