import { cx } from './cx.ts';

/** Drawn for a square of 20, with lines of 1.5. */
const PATHS = {
  wallet:
    'M3 6.5A1.5 1.5 0 0 1 4.5 5h10A1.5 1.5 0 0 1 16 6.5V8M3 6.5v7A1.5 1.5 0 0 0 4.5 15h11a1.5 1.5 0 0 0 1.5-1.5v-4A1.5 1.5 0 0 0 15.5 8h-11A1.5 1.5 0 0 1 3 6.5ZM13.5 11.5h.01',
  compare: 'M4 15V9.5M8 15V5M12 15v-4M16 15V7.5',
  payouts: 'M4 6h6M4 10h6M4 14h6M13 8l3 2.5L13 13',
  operations: 'M3 10.5h3l2-5.5 3.5 10 2.5-4.5h3',
  bell: 'M6 8.5a4 4 0 0 1 8 0c0 3.5 1.5 4.5 1.5 5h-11c0-.5 1.5-1.5 1.5-5ZM8.5 16a1.6 1.6 0 0 0 3 0',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  alert: 'M10 6.5v4M10 13.5h.01M10 3 2.8 15.500h14.400Z',
  info: 'M10 9.500v4M10 6.800h.01M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z',
  refresh: 'M15.5 8A6 6 0 0 0 4.7 7M4.5 12a6 6 0 0 0 10.8 1M4.5 4v3h3M15.5 16v-3h-3',
  arrowUpRight: 'M6 14l8-8M7.5 6H14v6.5',
  arrowDownLeft: 'M14 6l-8 8M12.5 14H6V7.5',
  arrowRight: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4ZM12.7 12.7 16.5 16.5',
  upload: 'M10 13V4.500M6.5 8 10 4.5 13.5 8M4 15.500h12',
  download: 'M10 4.500V13M6.5 9.5 10 13l3.5-3.500M4 15.500h12',
  signOut: 'M8 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3M12 6.5 15.5 10 12 13.500M15.5 10H8',
  phone: 'M7 3.500h6a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1ZM9.3 14h1.4',
  email: 'M3.5 5.500h13v9h-13ZM3.5 6l6.5 5 6.5-5',
  push: 'M4 4.500h12v8.500H9.500L6 16v-3H4Z',
  clock: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM10 6.500V10l2.5 1.5',
} as const;

export type IconName = keyof typeof PATHS;

/** Says nothing by itself: the words beside it, or its button's label, do. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={cx('size-5 shrink-0', className)}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
