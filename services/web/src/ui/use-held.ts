import { useState } from 'react';

/**
 * For what goes away by what it does. While it has the focus it is held: whoever has a keyboard would else be at the
 * page's beginning again.
 */
export function useHeld(): { isHeld: boolean; holding: { onFocus: () => void; onBlur: () => void } } {
  const [isHeld, setHeld] = useState(false);
  return { isHeld, holding: { onFocus: () => setHeld(true), onBlur: () => setHeld(false) } };
}
