import type { Payout } from '../api/payout.ts';
import type { Tone } from '../ui/status.tsx';

/** How a payout stands, in a word and a tone. */
export const STATUS_WORDS: Record<Payout['status'], { word: string; tone: Tone }> = {
  processing: { word: 'Paying', tone: 'accent' },
  completed: { word: 'Completed', tone: 'good' },
  completed_with_failures: { word: 'Completed, some failed', tone: 'warn' },
  cancelled: { word: 'Cancelled', tone: 'neutral' },
};
