import Link from 'next/link';
import type { ReactNode } from 'react';
import { Nav } from './nav.tsx';

/** @param children what belongs to whoever is signed in */
export function Header({ nav, children }: { nav: boolean; children?: ReactNode }) {
  return (
    <header className="sticky top-0 z-30 border-b bg-surface">
      <div className="mx-auto flex h-14 max-w-6xl items-center gap-3 px-4 sm:gap-6 sm:px-6">
        <Link
          href="/"
          prefetch={false}
          className="flex items-center gap-2 rounded-control font-semibold tracking-tight"
        >
          <Mark />
          <span className="max-[26rem]:sr-only">Payfan</span>
        </Link>
        <div className="flex-1">{nav && <Nav place="header" />}</div>
        <div className="flex items-center gap-2">{children}</div>
      </div>
    </header>
  );
}

/** A fan of three leaves: one payment, three ways to tell of it. */
function Mark() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className="size-7 text-accent">
      <path d="M12 20 4.6 8.200A11 11 0 0 1 9.3 5Z" fill="currentColor" opacity="0.45" />
      <path d="M12 20 10.3 4.700a12 12 0 0 1 3.4 0Z" fill="currentColor" />
      <path d="M12 20 14.7 5a11 11 0 0 1 4.7 3.200Z" fill="currentColor" opacity="0.7" />
    </svg>
  );
}
