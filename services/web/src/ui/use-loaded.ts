'use client';

import { useEffect, useEffectEvent, useState } from 'react';

/**
 * What a module exports, fetched when it is first wanted; undefined until it is there. `lazy` would do so too, but
 * what takes the place of a fallback is held back by React for 300 ms, however soon it came.
 *
 * @param load the same function each time
 * @param onFailure it could not be fetched. Thrown, that would take the whole page and what was typed in it. Another
 *   attempt is made when it is wanted anew
 */
export function useLoaded<Module>(
  load: () => Promise<Module>,
  isWanted: boolean,
  onFailure: (failure: unknown) => void,
): Module | undefined {
  const [loaded, setLoaded] = useState<{ module: Module }>();
  const onFailed = useEffectEvent(onFailure);
  useEffect(() => {
    if (!isWanted) return undefined;
    let isAwaited = true;
    load().then(
      (module) => setLoaded({ module }),
      (failure: unknown) => {
        if (isAwaited) onFailed(failure);
      },
    );
    return () => {
      isAwaited = false;
    };
  }, [isWanted, load]);
  return loaded?.module;
}
