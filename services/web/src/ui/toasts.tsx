'use client';

import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';
import { Icon } from './icon.tsx';
import { withToast, type Shown as ShownToast, type Toast as Told } from './toast-list.ts';

type Toast = Told<ReactNode>;
type Shown = ShownToast<ReactNode>;

const ToastContext = createContext<((toast: Toast) => void) | undefined>(undefined);

const STAYS_MS = 6_000;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Shown[]>([]);
  const lastId = useRef(0);
  const remove = useCallback(
    (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)),
    [],
  );
  const show = useCallback((toast: Toast) => {
    lastId.current += 1;
    const id = lastId.current;
    setToasts((shown) => withToast(shown, toast, id));
  }, []);
  const isFailure = ({ kind }: Toast) => kind === 'failure';
  return (
    <ToastContext value={show}>
      {children}
      <div className="pointer-events-none fixed inset-x-3 top-16 z-60 flex flex-col gap-2 sm:top-auto sm:right-5 sm:bottom-5 sm:left-auto sm:w-88">
        {/* Both are there before anything is said in them: what comes with its words is not read out. */}
        <div role="status" aria-live="polite" className="grid gap-2">
          {toasts
            .filter((toast) => !isFailure(toast))
            .map((toast) => (
              <Note key={toast.id} toast={toast} onClose={remove} staysMs={STAYS_MS} />
            ))}
        </div>
        <div role="alert" aria-live="assertive" className="grid gap-2">
          {toasts.filter(isFailure).map((toast) => (
            <Note key={toast.id} toast={toast} onClose={remove} />
          ))}
        </div>
      </div>
    </ToastContext>
  );
}

/** Tells something in the corner of the page: `toast({ title: 'Sent', kind: 'success' })`. */
export function useToast(): (toast: Toast) => void {
  const show = use(ToastContext);
  if (show === undefined) throw new Error('wrap the page in <ToastProvider>');
  return show;
}

/** For what closes when something beside it is pressed: who closes a toast has not left it. */
export function staysForToasts(event: Pick<Event, 'target' | 'preventDefault'>): void {
  if (event.target instanceof Element && event.target.closest('[data-toast]') !== null) {
    event.preventDefault();
  }
}

const TONES = { success: 'text-good', info: 'text-accent', failure: 'text-bad' };
const ICONS = { success: 'check', info: 'info', failure: 'alert' } as const;

function Note({
  toast,
  onClose,
  staysMs,
}: {
  toast: Shown;
  onClose: (id: number) => void;
  staysMs?: number;
}) {
  const { id, title, detail, kind = 'info', standsFor } = toast;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (staysMs === undefined || held) return undefined;
    const timer = setTimeout(() => onClose(id), staysMs);
    return () => clearTimeout(timer);
    // What counts on stays for as long again.
  }, [id, held, onClose, staysMs, standsFor]);
  return (
    <div
      data-toast
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex animate-rise items-start gap-3 rounded-card border bg-surface py-3 pr-2 pl-4 shadow-high"
    >
      <Icon name={ICONS[kind]} className={cx('mt-px', TONES[kind])} />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {detail !== undefined && <div className="text-muted">{detail}</div>}
      </div>
      <IconButton label="Close" icon="close" onClick={() => onClose(id)} className="-my-1.5 size-8" />
    </div>
  );
}
