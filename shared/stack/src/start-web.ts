import type { Progress } from './progress.ts';
import { web } from './services.ts';
import type { Stack } from './stack.ts';
import type { StackDescription } from './stack-file.ts';

/** How the pages come to be; `bin/web.mjs` does it, with what is on a fresh clone. */
export interface WebBuild {
  /** Whether what is there was made of what is there now. */
  isBuilt(): boolean;
  /** Installs and builds what is missing, and tells how it goes. Ends at once, in vain, when interrupted. */
  build(interrupted: AbortSignal): Promise<void>;
}

/** As people type it: pages of this name are the ones that our APIs expect. */
export const pageUrl = (url: string): string => url.replace('//127.0.0.1', '//localhost');

export interface StartWebOptions {
  stack: Pick<Stack, 'startLater'>;
  webBuild: WebBuild;
  progress: Progress;
  interrupted: AbortSignal;
}

/**
 * Builds the pages if need be, and starts them. All the rest does without them, so what fails here is told and
 * changes nothing else; then the answer is undefined.
 */
export async function startWeb({
  stack,
  webBuild,
  progress,
  interrupted,
}: StartWebOptions): Promise<StackDescription | undefined> {
  try {
    if (!webBuild.isBuilt()) await webBuild.build(interrupted);
    return await stack.startLater(web);
  } catch (error) {
    if (interrupted.aborted) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    progress.line(`There are no pages; all else runs on. The reason:\n${reason}`);
    return undefined;
  }
}
