'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApiClient } from '../api/api-provider.tsx';
import { ApiError } from '../api/api-error.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { turnOff, turnOn, webPushState, type WebPushState } from './web-push.ts';

const WORDS: Record<WebPushState, string> = {
  unsupported: 'This browser cannot tell you while the page is closed.',
  refused: 'This browser keeps notifications from this page. Its settings let you change that.',
  off: 'Be told on this device while the page is closed, too.',
  on: 'This device is told while the page is closed, too.',
};
const queryKey = ['web-push'];

/** Has this browser told while the page is closed, if the person wants it. */
export function WebPushSwitch() {
  const api = useApiClient('push');
  const queries = useQueryClient();
  const { data: state } = useQuery({ queryKey, queryFn: webPushState });
  const changing = useMutation({
    mutationFn: (to: 'on' | 'off') => (to === 'on' ? turnOn(api) : turnOff(api)),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
  });
  return (
    <div className="grid gap-3 border-t px-4 py-3">
      <div className="flex min-h-10 items-center gap-3">
        <p role="status" className="min-w-0 flex-1 text-[13px] text-muted">
          {state === undefined ? '' : WORDS[state]}
        </p>
        {(state === 'on' || state === 'off') && (
          <Button
            size="small"
            busy={changing.isPending}
            onClick={() => changing.mutate(state === 'on' ? 'off' : 'on')}
          >
            {state === 'on' ? 'Turn off' : 'Turn on'}
          </Button>
        )}
      </div>
      {changing.error !== null && <ErrorNote error={failureOf(changing.error)} />}
    </div>
  );
}

/** A browser that reaches no push service says so in words of its own. */
function failureOf(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  const detail = 'This browser reaches no push service at the moment.';
  return new ApiError({ status: 0, code: 'no_push_service', detail });
}
