import type { ReactNode } from 'react';

/** The frame of a page's content: its heading, what can be done on all of it, and its panels. */
export function Page({ title, description, actions, children }: PageProps) {
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1">
          <h1 className="text-[22px] leading-7 font-semibold tracking-tight">{title}</h1>
          {description !== undefined && <p className="mt-1 max-w-2xl text-muted">{description}</p>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  );
}

interface PageProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}
