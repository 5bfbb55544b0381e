'use client';

import './globals.css';

/** When even the frame cannot be shown. */
export default function GlobalError({ reset }: { reset: () => void }) {
  return (
    <html lang="en-IN" data-theme="system">
      <body>
        <main role="alert" className="mx-auto grid max-w-md gap-4 px-6 py-24">
          <h1 className="text-[22px] font-semibold">That should not have happened</h1>
          <p className="text-muted">
            The page could not be shown. Nothing was sent that you did not confirm.
          </p>
          <button
            type="button"
            onClick={reset}
            className="h-10 w-fit rounded-control bg-accent px-4 font-medium text-accent-ink"
          >
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
