import { cx } from './cx.ts';
import type { Tone } from './status.tsx';

const FILLS: Record<Tone, string> = {
  good: 'fill-good',
  warn: 'fill-warn',
  bad: 'fill-bad',
  accent: 'fill-accent',
  neutral: 'fill-line-strong',
};

interface ProgressProps {
  label: string;
  /** Between 0 and `max`. */
  value: number;
  max: number;
  /** How far it is, in words: `1,200 of 5,000`. */
  text: string;
  tone?: Tone;
  className?: string;
}

/** Drawn, as a width in a style attribute is what the page's policy forbids. */
export function Progress({ label, value, max, text, tone = 'accent', className }: ProgressProps) {
  const share = max === 0 ? 0 : Math.min(100, (value / max) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={text}
      className={cx('h-2 overflow-hidden rounded-full bg-sunken', className)}
    >
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" className="size-full">
        <rect width={share} height="8" className={cx('transition-[width] duration-300', FILLS[tone])} />
      </svg>
    </div>
  );
}
