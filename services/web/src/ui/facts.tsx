import type { ReactNode } from 'react';
import { cx } from './cx.ts';

/** What is known of one thing, name beside value. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">{children}</dl>;
}

export function Fact({
  name,
  className,
  children,
}: {
  name: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className={cx('min-w-0', className)}>{children}</dd>
    </>
  );
}
