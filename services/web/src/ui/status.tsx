import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'neutral';

const DOTS: Record<Tone, string> = {
  good: 'bg-good',
  warn: 'bg-warn',
  bad: 'bg-bad',
  accent: 'bg-accent',
  neutral: 'bg-line-strong',
};

const BADGES: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  accent: 'bg-accent-soft text-accent',
  neutral: 'bg-sunken text-muted',
};

/** How something stands: a small dot with a word, as colour alone says nothing to many. */
export function Status({ tone, moving = false, children, className }: StatusProps) {
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', className)}>
      <span
        aria-hidden="true"
        className={cx('size-2 rounded-full', DOTS[tone], moving && 'animate-breathe')}
      />
      {children}
    </span>
  );
}

interface StatusProps {
  tone: Tone;
  /** Something is under way. */
  moving?: boolean;
  children: ReactNode;
  className?: string;
}

/** A word that sorts something: a tier, a lane, a count. */
export function Badge({
  tone = 'neutral',
  children,
  className,
}: {
  tone?: Tone;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cx(
        'inline-flex h-5.5 items-center rounded-full px-2 text-xs font-medium whitespace-nowrap tabular-nums',
        BADGES[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}
