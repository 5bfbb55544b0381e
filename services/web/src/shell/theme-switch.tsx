'use client';

import { useState } from 'react';
import { Segmented } from '../ui/segmented.tsx';
import { themeCookie, type Theme } from './theme.ts';

const OPTIONS: readonly { value: Theme; label: string }[] = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

/** @param initial as the server has it */
export function ThemeSwitch({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  function choose(next: Theme) {
    setTheme(next);
    document.documentElement.dataset['theme'] = next;
    document.cookie = themeCookie(next);
  }
  return <Segmented label="Theme" value={theme} options={OPTIONS} onChange={choose} className="w-full" />;
}
