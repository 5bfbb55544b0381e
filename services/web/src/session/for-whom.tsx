'use client';

import type { ReactNode } from 'react';
import { Panel } from '../ui/panel.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { kindIn } from './session.ts';
import { useSession } from './session-provider.tsx';

const WANTED = {
  account: 'This page belongs to a wallet. Sign in as a person to see it.',
  operator: 'This page shows everybody’s messages. Sign in with an operator’s key to see it.',
};

interface ForWhomProps {
  kind: keyof typeof WANTED;
  title: string;
  children: ReactNode;
}

/**
 * A page that only people with a wallet, or only operators, can use. While the session is being opened it is shown
 * already: its panels are loading.
 */
export function ForWhom({ kind, title, children }: ForWhomProps) {
  const { state, session } = useSession();
  if (state.phase === 'failed') {
    return (
      <Panel title={title}>
        <ErrorNote error={state.error} retry={() => void session.open()} />
      </Panel>
    );
  }
  const known = kindIn(state);
  if (known !== undefined && known !== kind) {
    const hint = `${WANTED[kind]} The menu at the top right lets you change who you are.`;
    return <Panel title={title} state={{ kind: 'empty', title: 'Somebody else’s page', hint }} />;
  }
  return children;
}
