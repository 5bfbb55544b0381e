import { useId, type ComponentProps, type ReactNode } from 'react';
import { cx } from './cx.ts';

interface FieldControl {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

interface FieldProps {
  label: string;
  /** Read out as well, when the field is entered. */
  hint?: ReactNode;
  /** What is wrong with it, in place of the hint. */
  error?: ReactNode;
  className?: string;
  /** The control, with what ties it to its label and its messages. */
  children: (control: FieldControl) => ReactNode;
}

/** `<Field label="Note">{(control) => <Input {...control} />}</Field>` */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const message = error ?? hint;
  const messageId = message === undefined ? undefined : `${id}-message`;
  const isWrong = error !== undefined;
  return (
    <div className={cx('grid gap-1.5', className)}>
      <label htmlFor={id} className="text-[13px] font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': messageId, 'aria-invalid': isWrong })}
      {message !== undefined && (
        <p id={messageId} className={cx('text-[13px]', isWrong ? 'text-bad' : 'text-faint')}>
          {message}
        </p>
      )}
    </div>
  );
}

const CONTROL =
  'w-full rounded-control border border-line-strong bg-surface px-3 text-ink placeholder:text-faint transition-colors hover:border-muted aria-invalid:border-bad disabled:opacity-55';

/** Sixteen pixels on phones, or iOS zooms into it. */
export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...rest} className={cx(CONTROL, 'h-10 text-base sm:text-sm', className)} />;
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select {...rest} className={cx(CONTROL, 'h-10 text-base sm:text-sm', className)} />;
}
