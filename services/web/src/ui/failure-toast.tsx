'use client';

import { useCallback } from 'react';
import { asApiError } from '../api/api-error.ts';
import { RequestId } from './error-note.tsx';
import { useToast } from './toasts.tsx';

/** Tells in the corner what came to nothing, why, and by which name the service's log knows it. */
export function useFailureToast(): (title: string, failure: unknown) => void {
  const toast = useToast();
  return useCallback(
    (title, failure) => {
      const error = asApiError(failure);
      const detail = (
        <>
          {error.detail}
          <RequestId error={error} />
        </>
      );
      toast({ title, detail, kind: 'failure' });
    },
    [toast],
  );
}
