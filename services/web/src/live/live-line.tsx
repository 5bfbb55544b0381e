'use client';

import { LiveClient, type TransportChoice } from '@payfan/live-client';
import { LiveProvider } from '@payfan/live-client/react';
import {
  createContext,
  use,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { useApiAddress } from '../api/api-provider.tsx';
import { useSession } from '../session/session-provider.tsx';
import { useNow } from '../ui/time.tsx';
import { AccountLine } from './account-line.tsx';
import { LineMemory } from './line-history.ts';
import { countsOn, pillOf, type LineHistory, type Pill } from './pill.ts';
import { TransportMemory } from './transport-choice.ts';

interface Line {
  choice: TransportChoice;
  choose: (choice: TransportChoice) => void;
  memory: LineMemory;
}

const LineContext = createContext<Line | undefined>(undefined);

/** One live connection for the whole page, as whoever is signed in, by the transport that was chosen. */
export function LiveLine({ children }: { children: ReactNode }) {
  const url = useApiAddress('gateway');
  const { token } = useSession();
  const [client] = useState(() => new LiveClient({ url, token }));
  const [memory] = useState(() => new LineMemory(client));
  const [transports] = useState(() => new TransportMemory());
  const choice = useSyncExternalStore(transports.watch, transports.choice, transports.choiceOnServer);

  // It closes by itself when nobody follows anything any more. One that was closed here would stay so in
  // development, where React runs each effect's end once before its time.
  useEffect(() => client.setTransport(choice), [client, choice]);

  const line = useMemo(() => ({ choice, choose: transports.choose, memory }), [choice, transports, memory]);
  return (
    <LiveProvider client={client}>
      <LineContext value={line}>
        <AccountLine>{children}</AccountLine>
      </LineContext>
    </LiveProvider>
  );
}

function useLineContext(): Line {
  const line = use(LineContext);
  if (line === undefined) throw new Error('wrap the page in <LiveLine>');
  return line;
}

/** Which transport was chosen, and how to choose another. What is followed goes on without a gap. */
export function useTransportChoice(): Pick<Line, 'choice' | 'choose'> {
  return useLineContext();
}

/** While something counts down, or is shown for a while. */
const TICK_MS = 250;

/** How the live line does, in words and as it came to be, and anew as time goes on. */
export function useLine(): { history: LineHistory; pill: Pill | undefined } {
  const { memory } = useLineContext();
  const history = useSyncExternalStore(memory.watch, memory.history, memory.historyOnServer);
  const now = useNow(countsOn(history) ? TICK_MS : undefined);
  return { history, pill: pillOf(history, now ?? history.sinceMs) };
}
