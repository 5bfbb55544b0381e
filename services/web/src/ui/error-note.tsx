'use client';

import type { ApiError } from '../api/api-error.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

/** What went wrong, what to do about it, and by which name the service's log knows it. */
export function ErrorNote({ error, retry }: { error: ApiError; retry?: (() => void) | undefined }) {
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-control bg-bad-soft px-4 py-3 text-bad">
      <Icon name="alert" />
      <div className="min-w-48 flex-1">
        {/* Without the request's name: each attempt has another, and all would be read out each time. */}
        <p role="alert" className="font-medium">
          {error.detail}
        </p>
        <RequestId error={error} />
      </div>
      <TryAgain retry={retry} />
    </div>
  );
}

/** Nothing where there is nothing to try. */
export function TryAgain({ retry }: { retry: (() => void) | undefined }) {
  if (retry === undefined) return null;
  return (
    <Button size="small" icon="refresh" onClick={retry}>
      Try again
    </Button>
  );
}

export function RequestId({ error }: { error: ApiError }) {
  if (error.requestId === undefined) return null;
  return (
    <p className="text-xs break-all">
      Request <code className="font-mono">{error.requestId}</code>
    </p>
  );
}
