import type { ComponentProps } from 'react';
import { cx } from './cx.ts';

/** Scrolls by itself where it is too wide; then it can be reached and scrolled by keyboard. */
export function Table({ label, className, ...rest }: ComponentProps<'table'> & { label: string }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="-mx-5 overflow-x-auto px-5">
      <table {...rest} className={cx('w-full border-collapse text-left', className)} />
    </div>
  );
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      {...rest}
      className={cx(
        'border-b py-2 pr-4 text-xs font-medium whitespace-nowrap text-faint last:pr-0',
        className,
      )}
    />
  );
}

export function Td({ className, ...rest }: ComponentProps<'td'>) {
  return <td {...rest} className={cx('border-b py-2.5 pr-4 align-top tabular-nums last:pr-0', className)} />;
}
