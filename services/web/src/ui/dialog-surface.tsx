'use client';

import { Dialog as Radix } from 'radix-ui';
import { useRef, type ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';
import { staysForToasts } from './toasts.tsx';

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** It is gone, and focus is back where it was. */
  onClosed?: () => void;
  title: string;
  /** One sentence under the title, read out as well. */
  description?: ReactNode;
  children: ReactNode;
  /** Buttons at its foot. */
  footer?: ReactNode;
}

/** What dialogs and sheets are made of; loaded when the first of them opens. */
export default function DialogSurface({
  open,
  onOpenChange,
  onClosed,
  title,
  description,
  children,
  footer,
  className,
}: DialogProps & { className: string }) {
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-veil" />
        <Radix.Content
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            // Radix knows triggers of its own only.
            event.preventDefault();
            goOnAt(opener.current);
            onClosed?.();
          }}
          onInteractOutside={staysForToasts}
          {...(description === undefined && { 'aria-describedby': undefined })}
          className={cx(
            'fixed z-50 flex flex-col border bg-surface shadow-high focus:outline-none',
            className,
          )}
        >
          <div className="flex items-start gap-3 px-5 pt-5 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-0.5 text-muted">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close" icon="close" className="-mt-1.5 -mr-2" />
            </Radix.Close>
          </div>
          {/* Where there is nothing in it to go to, as in a timeline, arrow keys scroll it. */}
          <div
            role="group"
            aria-label="Content"
            tabIndex={0}
            className="min-h-0 flex-1 overflow-y-auto px-5 pb-5"
          >
            {children}
          </div>
          {footer !== undefined && (
            <div className="flex flex-wrap justify-end gap-2 border-t px-5 py-4">{footer}</div>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Focus goes back to what opened a dialog; to the page's content if that is gone, as the form is that was sent. */
function goOnAt(opener: Element | null): void {
  // Another dialog has opened in its place.
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
  (isThere ? opener : document.querySelector('main'))?.focus();
}
