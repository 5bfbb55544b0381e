import { useId, type ReactNode } from 'react';
import { Card } from './card.tsx';
import { cx } from './cx.ts';
import { ErrorNote } from './error-note.tsx';
import type { PanelState } from './panel-state.ts';
import { SkeletonRows } from './skeleton.tsx';
import { StaleNote } from './stale-note.tsx';

interface PanelProps {
  title: string;
  description?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  state?: PanelState;
  /** As tall as what comes, so that nothing moves then. */
  skeleton?: ReactNode;
  className?: string;
  children?: ReactNode;
}

const READY: PanelState = { kind: 'ready' };

/** A part of a page with its title and its five states. */
export function Panel({
  title,
  description,
  actions,
  state = READY,
  skeleton,
  className,
  children,
}: PanelProps) {
  const titleId = useId();
  return (
    <Card className={cx('min-w-0', className)}>
      <section aria-labelledby={titleId} aria-busy={state.kind === 'loading'}>
        <header className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-2 px-5 pt-4 pb-3">
          <div className="min-w-0 flex-1">
            <h2 id={titleId} className="text-[15px] font-semibold">
              {title}
            </h2>
            {description !== undefined && <p className="text-[13px] text-muted">{description}</p>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
        <div className="px-5 pb-5">
          <PanelContent state={state} skeleton={skeleton}>
            {children}
          </PanelContent>
        </div>
      </section>
    </Card>
  );
}

type PanelContentProps = Pick<PanelProps, 'skeleton' | 'children'> & { state: PanelState };

/** What is to be seen in a state; by itself for a part of a sheet or a popover, which has no frame of its own. */
export function PanelContent({ state, skeleton, children }: PanelContentProps): ReactNode {
  switch (state.kind) {
    case 'loading':
      return (
        <>
          <p role="status" className="sr-only">
            Loading
          </p>
          {skeleton ?? <SkeletonRows />}
        </>
      );
    case 'empty':
      return <Empty {...state} />;
    case 'error':
      return <ErrorNote error={state.error} retry={state.retry} />;
    case 'stale':
      return (
        <>
          <StaleNote asOf={state.asOf} error={state.error} retry={state.retry} />
          {children}
        </>
      );
    case 'ready':
      return children;
  }
}

function Empty({ title, hint, action }: { title: string; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1 rounded-control border border-dashed px-6 py-10 text-center">
      <p className="font-medium">{title}</p>
      {hint !== undefined && <p className="max-w-sm text-muted">{hint}</p>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}
