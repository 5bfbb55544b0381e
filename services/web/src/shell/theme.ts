const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Readable by scripts: it says nothing about anybody. The server needs it to send the page as it will stay. */
export const THEME_COOKIE = 'payfan_theme';

export const themeOf = (text: string | undefined): Theme =>
  THEMES.find((theme) => theme === text) ?? 'system';

export const themeCookie = (theme: Theme): string =>
  `${THEME_COOKIE}=${theme}; path=/; max-age=31536000; samesite=lax`;
