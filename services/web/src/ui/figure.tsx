import type { ReactNode } from 'react';
import { cx } from './cx.ts';

/** A number with what it counts above it; among others in a `<dl>`. */
export function Figure({
  label,
  className = 'text-lg',
  children,
}: {
  label: string;
  /** Of the number: its size at least. */
  className?: string;
  children: ReactNode;
}) {
  return (
    <div>
      <dt className="text-[13px] text-muted">{label}</dt>
      <dd className={cx('font-semibold tabular-nums', className)}>{children}</dd>
    </div>
  );
}
