import type { ComponentProps } from 'react';
import { cx } from './cx.ts';

/** A raised surface. What has a title and states is a `Panel`. */
export function Card({ className, ...rest }: ComponentProps<'div'>) {
  return <div {...rest} className={cx('rounded-card border bg-surface shadow-low', className)} />;
}
