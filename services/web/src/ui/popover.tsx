'use client';

import { cloneElement, lazy, Suspense, useState, type ComponentProps, type ReactElement } from 'react';
import type { PopoverSurfaceProps } from './popover-surface.tsx';

const load = () => import('./popover-surface.tsx');
const PopoverSurface = lazy(load);
/** Only sooner; whether it is there is asked when it is opened. */
const prepare = () => void load().catch(() => undefined);

type PopoverProps = Omit<PopoverSurfaceProps, 'open' | 'onOpenChange' | 'trigger'> & {
  /** A button. */
  trigger: ReactElement<ComponentProps<'button'>>;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
};

/** A small surface beside its button: Escape or a click elsewhere closes it. A page that opens none does without the code. */
export function Popover({ trigger, open, onOpenChange, ...rest }: PopoverProps) {
  const [ownOpen, setOwnOpen] = useState(false);
  const isOpen = open ?? ownOpen;
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  const change = (next: boolean) => {
    setOwnOpen(next);
    onOpenChange?.(next);
  };
  const waiting = cloneElement(trigger, {
    'aria-haspopup': 'dialog',
    'aria-expanded': false,
    onClick: () => change(true),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
  if (!wasOpen) return waiting;
  return (
    <Suspense fallback={waiting}>
      <PopoverSurface {...rest} trigger={trigger} open={isOpen} onOpenChange={change} />
    </Suspense>
  );
}
