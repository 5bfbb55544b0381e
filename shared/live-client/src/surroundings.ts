/** What a client hears about the machine it runs on. */
export type Change = 'online' | 'offline' | 'visible';

export interface Surroundings {
  isOnline: () => boolean;
  /** @returns ends it */
  listen: (onChange: (change: Change) => void) => () => void;
}

/** A server: always there, never looked at. */
const NONE: Surroundings = { isOnline: () => true, listen: () => () => undefined };

/** What a page's window has, and a server has not. */
interface Scope {
  document?: Document;
  navigator?: { onLine?: boolean };
  addEventListener?: typeof globalThis.addEventListener;
}

/**
 * The page's window, if there is one. That it is online only means that there is some network; a page that
 * comes to the fore may have been frozen, with everything it was waiting for.
 */
export function surroundingsOf(scope: Scope = globalThis): Surroundings {
  const { document, navigator, addEventListener } = scope;
  if (document === undefined || addEventListener === undefined) return NONE;
  return {
    isOnline: () => navigator?.onLine ?? true,
    listen: (onChange) => {
      const controller = new AbortController();
      const { signal } = controller;
      addEventListener.call(scope, 'online', () => onChange('online'), { signal });
      addEventListener.call(scope, 'offline', () => onChange('offline'), { signal });
      const onVisibility = () => {
        if (document.visibilityState === 'visible') onChange('visible');
      };
      document.addEventListener('visibilitychange', onVisibility, { signal });
      // Back from the browser's cache of pages.
      addEventListener.call(scope, 'pageshow', onVisibility, { signal });
      return () => controller.abort();
    },
  };
}
