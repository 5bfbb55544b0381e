import type { ComponentProps, SyntheticEvent } from 'react';
import { cx } from './cx.ts';
import { Icon, type IconName } from './icon.tsx';

const LOOKS = {
  primary: 'bg-accent text-accent-ink hover:bg-accent-hover',
  secondary: 'border border-line bg-surface text-ink shadow-low hover:border-line-strong',
  quiet: 'text-muted hover:bg-sunken hover:text-ink',
  danger: 'border border-bad/40 bg-surface text-bad hover:bg-bad-soft',
} as const;

const SIZES = {
  small: 'h-8 gap-1.5 px-2.5 text-[13px]',
  medium: 'h-10 gap-2 px-4',
  large: 'h-12 gap-2 px-5 text-[15px]',
} as const;

export interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
  icon?: IconName;
  /** What it does is under way: it stays where it is, keeps the focus, and cannot be pressed again. */
  busy?: boolean;
  /** There is nothing more to do: it keeps the focus, and cannot be pressed. */
  over?: boolean;
}

const BASE =
  'inline-flex select-none items-center justify-center rounded-control font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55';

export function Button({
  look = 'secondary',
  size = 'medium',
  icon,
  busy = false,
  over = false,
  disabled,
  onClick,
  className,
  children,
  ...rest
}: ButtonProps) {
  const isIdle = busy || over;
  return (
    <button
      type="button"
      {...rest}
      // What is disabled loses the focus, and whoever has a keyboard is at the page's beginning again.
      disabled={disabled === true && !isIdle}
      aria-disabled={isIdle || undefined}
      aria-busy={busy}
      onClick={isIdle ? ignore : onClick}
      className={cx(BASE, LOOKS[look], SIZES[size], className)}
    >
      {busy ? <Spinner /> : icon !== undefined && <Icon name={icon} className="size-4.5" />}
      {children}
    </button>
  );
}

/** That of a form would send it. */
const ignore = (event: SyntheticEvent): void => event.preventDefault();

/** A button that is a sign alone; its label is read out, and shown when the pointer rests on it. */
export function IconButton({
  label,
  icon,
  className,
  ...rest
}: Omit<ComponentProps<'button'>, 'children'> & { label: string; icon: IconName }) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={cx(
        'inline-flex size-9 items-center justify-center rounded-control text-muted transition-colors hover:bg-sunken hover:text-ink disabled:cursor-not-allowed disabled:opacity-55',
        className,
      )}
    >
      <Icon name={icon} />
    </button>
  );
}

export function Spinner({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true" className={cx('size-4 animate-spin', className)}>
      <circle
        cx="10"
        cy="10"
        r="7.5"
        fill="none"
        stroke="currentColor"
        strokeOpacity="0.25"
        strokeWidth="2.5"
      />
      <path
        d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
    </svg>
  );
}
