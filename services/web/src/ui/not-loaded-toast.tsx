'use client';

import { useCallback } from 'react';
import { ApiError } from '../api/api-error.ts';
import { useFailureToast } from './failure-toast.tsx';

/** Tells that a part of the page is not there: for `useLoaded`. */
export function useNotLoadedToast(): () => void {
  const tellFailure = useFailureToast();
  return useCallback(() => {
    const detail = 'A part of this page could not be fetched. Try again, or reload the page.';
    tellFailure('Not opened', new ApiError({ status: 0, code: 'not_loaded', detail }));
  }, [tellFailure]);
}
