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
  unanswered: 'You have said neither yes nor no to this browser. Turn it on to be asked again.',
  off: 'Be told on this device while the page is closed, too.',
  on: 'This device is told while the page is closed, too.',
};
const UNDER_WAY = { on: 'Turning it on: this browser may ask you first.', off: 'Turning it off.' };
const queryKey = ['web-push'];

/** Has this browser told while the page is closed, if the person wants it. */
export function WebPushSwitch() {
  const api = useApiClient('push');
  const queries = useQueryClient();
  const { data: state, error: unknown, refetch } = useQuery({ queryKey, queryFn: () => webPushState(api) });
  const changing = useMutation({
    mutationFn: (to: 'on' | 'off') => (to === 'on' ? turnOn(api) : turnOff(api)),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
    onError: () => queries.invalidateQueries({ queryKey }),
  });
  const error = changing.error ?? unknown;
  const isOn = state === 'on';
  const canChange = isOn || state === 'off' || state === 'unanswered';
  return (
    <div className="grid gap-3 border-t px-4 py-3">
      <div className="flex min-h-10 items-center gap-3">
        <p role="status" className="min-w-0 flex-1 text-[13px] text-muted">
          {changing.isPending ? UNDER_WAY[changing.variables] : state !== undefined && WORDS[state]}
        </p>
        {canChange && (
          <Button size="small" busy={changing.isPending} onClick={() => changing.mutate(isOn ? 'off' : 'on')}>
            {isOn ? 'Turn off' : 'Turn on'}
          </Button>
        )}
      </div>
      {error !== null && (
        <ErrorNote
          error={failureOf(error)}
          retry={changing.error === null ? () => void refetch() : undefined}
        />
      )}
    </div>
  );
}

/** A browser that reaches no push service says so in words of its own, or not at all. */
function failureOf(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  const detail = 'This browser reaches no push service at the moment. Try again later.';
  return new ApiError({ status: 0, code: 'no_push_service', detail });
}
