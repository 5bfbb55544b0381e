'use client';

import { cloneElement, useState, type ComponentProps, type ReactElement } from 'react';
import { useNotLoadedToast } from './not-loaded-toast.tsx';
import type { PopoverSurfaceProps } from './popover-surface.tsx';
import { useLoaded } from './use-loaded.ts';

const load = () => import('./popover-surface.tsx');
/** Only sooner; whether it is there is asked when it is opened. */
const prepare = () => void load().catch(() => undefined);

type PopoverProps = Omit<PopoverSurfaceProps, 'open' | 'onOpenChange' | 'trigger'> & {
  /** A button. */
  trigger: ReactElement<ComponentProps<'button'>>;
  /** What was never there to be seen is not closed either. */
  onClose?: () => void;
};

/** A small surface beside its button: Escape or a click elsewhere closes it. A page that opens none does without the code. */
export function Popover({ trigger, onClose, ...rest }: PopoverProps) {
  const [isOpen, setOpen] = useState(false);
  const tellNotLoaded = useNotLoadedToast();
  const surface = useLoaded(load, isOpen, () => {
    setOpen(false);
    tellNotLoaded();
  });
  const change = (next: boolean) => {
    setOpen(next);
    if (!next) onClose?.();
  };
  if (surface !== undefined) {
    return <surface.default {...rest} trigger={trigger} open={isOpen} onOpenChange={change} />;
  }
  return cloneElement(trigger, {
    'aria-haspopup': 'dialog',
    'aria-expanded': false,
    onClick: () => setOpen(true),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
}
