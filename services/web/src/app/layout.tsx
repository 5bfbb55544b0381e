import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { config } from '../config.ts';
import { KIND_COOKIE, kindOf, sessionIn } from '../session/cookie.ts';
import { Shell } from '../shell/shell.tsx';
import { THEME_COOKIE, themeOf } from '../shell/theme.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Payfan', template: '%s · Payfan' },
  description: 'Send money between wallets, and see everybody told of it.',
  // Safari would turn numbers and dates in notes into links.
  formatDetection: { telephone: false, date: false, address: false, email: false, url: false },
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

/** Made anew for each request: every response has a nonce of its own, and settings are those of the process. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const [jar, received] = await Promise.all([cookies(), headers()]);
  const { publicAddresses, demo } = config();
  const theme = themeOf(jar.get(THEME_COOKIE)?.value);
  return (
    <html lang="en-IN" data-theme={theme}>
      <body>
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded-control focus:bg-surface focus:px-4 focus:py-2 focus:shadow-high"
        >
          Skip to content
        </a>
        <Shell
          addresses={publicAddresses}
          demo={demo}
          signedIn={sessionIn(jar, received) !== undefined}
          kind={kindOf(jar.get(KIND_COOKIE)?.value)}
          nonce={received.get('x-nonce') ?? ''}
        >
          {children}
        </Shell>
      </body>
    </html>
  );
}
