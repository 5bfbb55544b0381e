'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { cx } from '../ui/cx.ts';
import { Icon, type IconName } from '../ui/icon.tsx';

const PAGES: readonly { href: string; label: string; icon: IconName }[] = [
  { href: '/', label: 'Wallet', icon: 'wallet' },
  { href: '/compare', label: 'Compare', icon: 'compare' },
  { href: '/payouts', label: 'Payouts', icon: 'payouts' },
  { href: '/operations', label: 'Operations', icon: 'operations' },
];

/** In the header where there is room, else along the foot, where thumbs are. */
export function Nav({ place }: { place: 'header' | 'foot' }) {
  const path = usePathname();
  const isFoot = place === 'foot';
  return (
    <nav
      aria-label="Pages"
      className={
        isFoot
          ? 'fixed inset-x-0 bottom-0 z-30 border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden'
          : 'hidden md:block'
      }
    >
      <ul className={isFoot ? 'grid grid-cols-4' : 'flex gap-1'}>
        {PAGES.map(({ href, label, icon }) => {
          const isHere = path === href;
          return (
            <li key={href}>
              <Link
                href={href}
                prefetch={false}
                aria-current={isHere ? 'page' : undefined}
                className={cx(
                  'font-medium transition-colors',
                  isHere ? 'text-accent' : 'text-muted hover:text-ink',
                  isFoot
                    ? 'flex h-14 flex-col items-center justify-center gap-0.5 text-[11px] -outline-offset-2'
                    : cx(
                        'flex h-9 items-center gap-2 rounded-control px-3',
                        isHere ? 'bg-accent-soft' : 'hover:bg-sunken',
                      ),
                )}
              >
                <Icon name={icon} className={isFoot ? '' : 'size-4.5'} />
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
