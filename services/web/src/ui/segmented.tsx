'use client';

import { useId } from 'react';
import { cx } from './cx.ts';

interface SegmentedProps<Value extends string> {
  /** What is chosen, for whoever cannot see the choice. */
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  className?: string;
}

/** One of a few, side by side. Radio buttons underneath: arrow keys and screen readers know them. */
export function Segmented<Value extends string>({
  label,
  value,
  options,
  onChange,
  className,
}: SegmentedProps<Value>) {
  const name = useId();
  return (
    <fieldset className={cx('inline-flex rounded-control bg-sunken p-0.5', className)}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            'relative flex h-8 flex-1 cursor-pointer items-center justify-center rounded-[7px] px-3 text-[13px] font-medium whitespace-nowrap text-muted transition-colors hover:text-ink',
            'has-checked:bg-raised has-checked:text-ink has-checked:shadow-low',
            'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
          )}
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="absolute inset-0 cursor-pointer opacity-0"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
