'use client';

import { useState } from 'react';
import { Segmented } from '../ui/segmented.tsx';
import { themeCookie, themeOf, type Theme } from './theme.ts';

const OPTIONS: readonly { value: Theme; label: string }[] = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

/** Begins with what the page shows: the server knows only what was chosen before it sent the page. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(() => themeOf(document.documentElement.dataset['theme']));
  function choose(next: Theme) {
    setTheme(next);
    document.documentElement.dataset['theme'] = next;
    document.cookie = themeCookie(next);
  }
  return <Segmented label="Theme" value={theme} options={OPTIONS} onChange={choose} className="w-full" />;
}
