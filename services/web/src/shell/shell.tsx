'use client';

import { setNonce } from 'get-nonce';
import { useEffect, type ReactNode } from 'react';
import { ApiProvider } from '../api/api-provider.tsx';
import type { PublicAddresses } from '../config.ts';
import { ConnectionPill } from '../live/connection-pill.tsx';
import { LiveLine } from '../live/live-line.tsx';
import type { Principal } from '../session/principal.ts';
import { SessionProvider, useSession } from '../session/session-provider.tsx';
import { SignIn } from '../session/sign-in.tsx';
import { ToastProvider } from '../ui/toasts.tsx';
import { Bell } from '../wallet/bell.tsx';
import { AccountMenu } from './account-menu.tsx';
import { Header } from './header.tsx';
import { Nav } from './nav.tsx';

export interface ShellProps {
  addresses: PublicAddresses;
  demo: boolean;
  signedIn: boolean;
  kind: Principal['kind'] | undefined;
  /** Of this response: what Radix puts into the page carries it. */
  nonce: string;
  children: ReactNode;
}

/** Around every page: the session, the APIs, the live line, and the frame. */
export function Shell({ signedIn, kind, nonce, ...rest }: ShellProps) {
  setNonce(nonce);
  return (
    <SessionProvider signedIn={signedIn} kind={kind}>
      <ToastProvider>
        <Frame {...rest} />
      </ToastProvider>
    </SessionProvider>
  );
}

function Frame({ addresses, demo, children }: Omit<ShellProps, 'signedIn' | 'kind' | 'nonce'>) {
  const { state, epoch } = useSession();
  useForgottenBrowser(epoch);
  if (state.phase === 'signed-out') {
    return (
      <>
        <Header nav={false} />
        <Main>
          <SignIn demo={demo} />
        </Main>
      </>
    );
  }
  // Whatever was kept for one person is gone before the next one looks.
  return (
    <ApiProvider key={epoch} addresses={addresses}>
      <LiveLine>
        <Header nav>
          <ConnectionPill />
          <Bell />
          <AccountMenu demo={demo} />
        </Header>
        <Main>{children}</Main>
        <Nav place="foot" />
      </LiveLine>
    </ApiProvider>
  );
}

/** Whoever has left, or let another one in, is not told on this device any more. */
function useForgottenBrowser(epoch: number): void {
  useEffect(() => {
    if (epoch === 0) return;
    void import('../wallet/web-push.ts')
      .then(({ forgetSubscription }) => forgetSubscription())
      // The next who turns it on takes it over.
      .catch(() => undefined);
  }, [epoch]);
}

function Main({ children }: { children: ReactNode }) {
  return (
    <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 pt-6 pb-24 sm:px-6 sm:pt-8 md:pb-12">
      {children}
    </main>
  );
}
