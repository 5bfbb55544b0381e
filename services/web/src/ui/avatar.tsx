import { initialsOf } from '../format/initials.ts';
import { cx } from './cx.ts';

/** Somebody, by their initials; the name stands beside it. */
export function Avatar({ name, className }: { name: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        'inline-flex size-9 shrink-0 items-center justify-center rounded-full bg-accent-soft text-[13px] font-semibold text-accent',
        className,
      )}
    >
      {initialsOf(name)}
    </span>
  );
}
