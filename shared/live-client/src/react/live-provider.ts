import { createContext, createElement, useContext, type ReactElement, type ReactNode } from 'react';
import type { LiveClient } from '../live-client.ts';

const LiveContext = createContext<LiveClient | undefined>(undefined);

/** No provider above a component that wants to follow something. */
export class NoLiveClientError extends Error {
  override readonly name = 'NoLiveClientError';
  constructor() {
    super('wrap the page in <LiveProvider client={…}>');
  }
}

/**
 * Gives the components below one client, and with it one connection. Make the client once, in `useState`; on a
 * server it does nothing.
 */
export function LiveProvider({
  client,
  children,
}: {
  client: LiveClient;
  children?: ReactNode;
}): ReactElement {
  return createElement(LiveContext.Provider, { value: client }, children);
}

/** @throws NoLiveClientError */
export function useLiveClient(): LiveClient {
  const client = useContext(LiveContext);
  if (client === undefined) throw new NoLiveClientError();
  return client;
}
