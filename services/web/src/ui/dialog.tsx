'use client';

import type { DialogProps } from './dialog-surface.tsx';
import { useNotLoadedToast } from './not-loaded-toast.tsx';
import { useLoaded } from './use-loaded.ts';

const load = () => import('./dialog-surface.tsx');

/** Asks for an answer before anything else: focus stays in it and goes back where it was, Escape closes it. */
export function Dialog(props: DialogProps) {
  return <Surface {...props} className={DIALOG} />;
}

/** As a dialog, along the right edge: for what is looked at beside the page. On phones from the bottom. */
export function Sheet(props: DialogProps) {
  return <Surface {...props} className={SHEET} />;
}

const FROM_BELOW = 'inset-x-0 bottom-0 max-h-[92dvh] animate-rise rounded-t-card sm:inset-x-auto';
const DIALOG = `${FROM_BELOW} sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:max-h-[85dvh] sm:w-[min(28rem,calc(100vw-2rem))] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:animate-appear sm:rounded-card`;
const SHEET = `${FROM_BELOW} sm:inset-y-0 sm:right-0 sm:max-h-none sm:w-[min(30rem,100vw)] sm:animate-slide-in sm:rounded-none sm:border-y-0 sm:border-r-0`;

/** A page without an open dialog does without the code of one. */
function Surface(props: DialogProps & { className: string }) {
  const tellNotLoaded = useNotLoadedToast();
  const surface = useLoaded(load, props.open, () => {
    props.onOpenChange(false);
    props.onClosed?.();
    tellNotLoaded();
  });
  return surface !== undefined && <surface.default {...props} />;
}
