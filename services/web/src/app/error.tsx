'use client';

import { ApiError } from '../api/api-error.ts';
import { ErrorNote } from '../ui/error-note.tsx';
import { Page } from '../ui/page.tsx';

/** What no panel has taken care of: the frame stays, and the page can be tried again. */
export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  const shown = new ApiError({
    status: 0,
    code: 'unexpected',
    detail: 'Something unexpected happened on this page. Nothing was sent that you did not confirm.',
    requestId: error.digest,
  });
  return (
    <Page title="That should not have happened">
      <ErrorNote error={shown} retry={reset} />
    </Page>
  );
}
