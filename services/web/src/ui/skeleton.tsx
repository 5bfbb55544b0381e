import { cx } from './cx.ts';

/** Where something will be: as tall as that, so that nothing moves when it comes. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cx('animate-breathe rounded-md bg-line/70', className)} />;
}

/** Lines of a list to come. */
export function SkeletonRows({ rows = 4, className = 'h-12' }: { rows?: number; className?: string }) {
  return (
    <div className="grid gap-3">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} className={className} />
      ))}
    </div>
  );
}
