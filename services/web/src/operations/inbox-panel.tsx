'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiErrorOf, unreachable } from '../api/api-error.ts';
import { USUAL_TIMEOUT_MS, wholeAnswer } from '../api/whole-answer.ts';
import { formatPhone } from '../format/phone.ts';
import { kindIn } from '../session/session.ts';
import { useSession } from '../session/session-provider.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Time } from '../ui/time.tsx';
import type { Captured } from './captured.ts';

export type InboxKind = 'mail' | 'sms';
const KINDS = [
  { value: 'mail', label: 'Mail' },
  { value: 'sms', label: 'SMS' },
] as const;

const EVERY_MS = 5_000;

/** What the demo would have sent to people: mails and SMS end here. */
export function InboxPanel({ kinds }: { kinds: readonly InboxKind[] }) {
  const [kind, setKind] = useState(kinds[0] ?? 'mail');
  const { state } = useSession();
  const inbox = useQuery({
    queryKey: ['inbox', kind],
    queryFn: ({ signal }) => fetchInbox(kind, signal),
    refetchInterval: EVERY_MS,
    enabled: kindIn(state) === 'operator',
  });
  return (
    <Panel
      title="Inbox"
      description="The demo sends nothing to anybody: its mails and SMS end here."
      actions={
        <Segmented
          label="Show messages by"
          value={kind}
          options={KINDS.filter(({ value }) => kinds.includes(value))}
          onChange={setKind}
        />
      }
      state={panelStateOf(inbox, {
        when: (all) => all.length === 0,
        title: kind === 'mail' ? 'No mail yet' : 'No SMS yet',
        hint: 'Send money as one of the demo people; what payer and payee are told arrives here.',
      })}
      skeleton={<Skeleton className="h-72" />}
    >
      <div
        role="region"
        aria-label={kind === 'mail' ? 'Mails, newest first' : 'SMS, newest first'}
        tabIndex={0}
        className="-mx-5 max-h-120 overflow-y-auto px-5"
      >
        <ul className="divide-y">
          {(inbox.data ?? []).map((message) => (
            <Message key={message.id} message={message} />
          ))}
        </ul>
      </div>
    </Panel>
  );
}

function Message({ message: { to, subject, text, at } }: { message: Captured }) {
  return (
    <li className="grid gap-1 py-3">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0 flex-1 text-[13px] break-words text-muted">
          To {subject === null ? formatPhone(to) : to}
        </span>
        <Time at={at} as="ago" className="text-[13px] whitespace-nowrap text-faint" />
      </p>
      {subject === null ? (
        <p className="break-words">{text}</p>
      ) : (
        <details className="group">
          <summary className="cursor-pointer rounded-sm font-medium break-words">{subject}</summary>
          <p className="mt-2 rounded-control bg-sunken px-4 py-3 break-words whitespace-pre-line">
            {text === '' ? 'This mail has no plain text.' : text}
          </p>
        </details>
      )}
    </li>
  );
}

async function fetchInbox(kind: InboxKind, signal: AbortSignal): Promise<Captured[]> {
  const limits = { signal, timeoutMs: USUAL_TIMEOUT_MS };
  const answer = await wholeAnswer(`/inbox/${kind}`, { cache: 'no-store' }, limits).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      throw unreachable('web');
    },
  );
  if (!answer.ok) throw await apiErrorOf(answer);
  const { data } = (await answer.json()) as { data: Captured[] };
  return data;
}
