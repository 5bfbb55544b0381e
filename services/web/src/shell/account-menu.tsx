'use client';

import { useState } from 'react';
import { useAccount } from '../api/use-transaction.ts';
import { formatPhone } from '../format/phone.ts';
import { DemoPeople } from '../session/demo-people-cards.tsx';
import { useSession } from '../session/session-provider.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { Button } from '../ui/button.tsx';
import { useFailureToast } from '../ui/failure-toast.tsx';
import { Popover } from '../ui/popover.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

/** Who is signed in, how the page looks, and how to be somebody else. */
export function AccountMenu({ demo }: { demo: boolean }) {
  const { signIn, signOut } = useSession();
  const tellFailure = useFailureToast();
  const [busyWith, setBusyWith] = useState<string>();
  const { name, about } = useWho();

  async function attempt(what: string, work: () => Promise<void>) {
    setBusyWith(what);
    try {
      await work();
    } catch (failure) {
      tellFailure('That did not work', failure);
    }
    setBusyWith(undefined);
  }

  return (
    <Popover
      label="Account"
      trigger={
        <button type="button" className="rounded-full">
          <span className="sr-only">Account: {name}</span>
          <Avatar name={name} />
        </button>
      }
    >
      <div className="grid max-h-[80dvh] gap-4 overflow-y-auto p-4">
        <div>
          <p className="font-semibold">{name}</p>
          <p className="text-[13px] text-muted">{about}</p>
        </div>
        <ThemeSwitch />
        {demo && (
          <div className="grid gap-2">
            <p className="text-[13px] font-medium text-muted">Be somebody else</p>
            <DemoPeople
              except={name}
              busyWith={busyWith}
              onChoose={(key) => void attempt(key, () => signIn(key))}
            />
          </div>
        )}
        <Button
          icon="signOut"
          busy={busyWith === 'sign-out'}
          disabled={busyWith !== undefined}
          onClick={() => void attempt('sign-out', signOut)}
        >
          Sign out
        </Button>
      </div>
    </Popover>
  );
}

function useWho(): { name: string; about: string } {
  const { state } = useSession();
  const { data: account } = useAccount();
  const principal = state.phase === 'open' ? state.principal : undefined;
  if (principal?.kind === 'operator') return { name: 'Operator', about: 'Sees everybody’s messages' };
  if (principal?.kind === 'service') return { name: principal.name, about: 'A service' };
  if (account === undefined) return { name: '·', about: 'Looking up who this is' };
  return { name: account.name, about: `${formatPhone(account.phone)} · ${account.email}` };
}
