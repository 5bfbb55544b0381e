import { themeCookie, themeOf } from './theme.ts';

test('what the cookie keeps is read back, and anything else is the system’s', () => {
  expect(themeCookie('dark')).toMatch(/^payfan_theme=dark; path=\/;/);
  expect([themeOf('dark'), themeOf('light'), themeOf('purple'), themeOf(undefined)]).toEqual([
    ...['dark', 'light', 'system', 'system'],
  ]);
});
