import type { ClientFrame, Said } from '../protocol.ts';

/** `renew`: the last token was not good any more, so one from a cache will not do. */
export type GetToken = (options: { renew: boolean }) => Promise<string>;

/** What a connection tells about itself. Nothing after `closed`, and nothing after it was told to close. */
export interface LinkEvents {
  opened: () => void;
  said: (said: Said[]) => void;
  /** A sign of life that says nothing. */
  heard: () => void;
  closed: (how: { code?: number; retryAfterMs?: number; tokenFailed?: boolean }) => void;
}

/** One connection, whatever it is made of. */
export interface OpenLink {
  send: (frame: ClientFrame) => void;
  /** At once, as far as we are concerned. May be called twice. */
  close: () => void;
}

/** How to open one. */
export type OpenTransport = (options: { renew: boolean }, events: LinkEvents) => OpenLink;

/** The address of a path under a base that may have a path of its own. */
export function addressOf(base: string, path: string): URL {
  return new URL(path, base.endsWith('/') ? base : `${base}/`);
}
