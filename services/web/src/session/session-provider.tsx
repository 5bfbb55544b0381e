'use client';

import {
  createContext,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import type { Principal } from './principal.ts';
import { Session, type SessionState, type TokenOptions } from './session.ts';

interface SessionValue {
  session: Session;
  state: SessionState;
  /** Changes with whoever is signed in. */
  epoch: number;
  /** Of whoever is signed in as this is rendered, and of nobody after them. */
  token: (options: Pick<TokenOptions, 'renew'>) => Promise<string>;
  signIn: (key: string) => Promise<void>;
  signOut: () => Promise<void>;
}

const SessionContext = createContext<SessionValue | undefined>(undefined);

/** Tells other pages of this browser that somebody came or left: they share the cookie. */
const CHANNEL = 'payfan.session';

interface SessionProviderProps {
  /** Whether the server was sent a session, so that page and server agree on what is shown first. */
  signedIn: boolean;
  kind: Principal['kind'] | undefined;
  children: ReactNode;
}

export function SessionProvider({ signedIn, kind, children }: SessionProviderProps) {
  const [session] = useState(() => new Session({ signedIn, kind }));
  const { state, epoch } = useSyncExternalStore(session.watch, session.snapshot, session.snapshot);

  useEffect(() => {
    if (signedIn) void session.open();
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = () => void session.openAnew();
    return () => channel.close();
  }, [session, signedIn]);

  const token = useCallback<SessionValue['token']>(
    (options) => session.token({ ...options, epoch }),
    [session, epoch],
  );
  const value = useMemo(() => {
    const tellOthers = () => {
      const channel = new BroadcastChannel(CHANNEL);
      channel.postMessage('changed');
      channel.close();
    };
    return {
      session,
      state,
      epoch,
      token,
      signIn: (key: string) => session.signIn(key).then(tellOthers),
      signOut: () => session.signOut().then(tellOthers),
    };
  }, [session, state, epoch, token]);
  return <SessionContext value={value}>{children}</SessionContext>;
}

export function useSession(): SessionValue {
  const value = use(SessionContext);
  if (value === undefined) throw new Error('wrap the page in <SessionProvider>');
  return value;
}
