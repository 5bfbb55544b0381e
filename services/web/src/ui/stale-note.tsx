'use client';

import type { ApiError } from '../api/api-error.ts';
import type { Instant } from '../format/time.ts';
import { RequestId, TryAgain } from './error-note.tsx';
import { Icon } from './icon.tsx';
import { Time } from './time.tsx';

interface StaleNoteProps {
  asOf: Instant;
  error?: ApiError | undefined;
  retry?: (() => void) | undefined;
}

/** Says how old is what is shown, and why there is nothing newer. */
export function StaleNote({ asOf, error, retry }: StaleNoteProps) {
  return (
    <div className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-control bg-warn-soft px-4 py-2.5 text-warn">
      <Icon name="clock" />
      <div className="min-w-40 flex-1">
        {/* Without the request's name, as every other attempt has another. */}
        <p role="status">
          As of <Time at={asOf} as="seconds" className="font-medium" />
          {error !== undefined && `. ${error.detail}`}
        </p>
        {error !== undefined && <RequestId error={error} />}
      </div>
      <TryAgain retry={retry} />
    </div>
  );
}
