'use client';

import { Popover as Radix } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import { staysForToasts } from './toasts.tsx';

export interface PopoverSurfaceProps {
  /** A button. */
  trigger: ReactElement;
  /** What it is, for whoever cannot see where it comes from. */
  label: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  align?: 'start' | 'end';
  children: ReactNode;
}

/** What popovers are made of; loaded when the first of them is about to open. */
export default function PopoverSurface({
  trigger,
  label,
  open,
  onOpenChange,
  align = 'end',
  children,
}: PopoverSurfaceProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={8}
          collisionPadding={12}
          onInteractOutside={staysForToasts}
          className="z-50 w-[min(22rem,calc(100vw-1.5rem))] animate-appear rounded-card border bg-surface shadow-high focus:outline-none"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
