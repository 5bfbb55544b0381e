import { EXIT } from './errors.ts';

/** A signal through npm may reach us twice, from the terminal and from npm: within this it is one. */
const SAME_SIGNAL_MS = 1_000;

/** Turns the first Ctrl-C (or SIGTERM) into an aborted signal; one more, later, ends the program at once. */
export function onInterruption(): { interrupted: AbortSignal; stopListening: () => void } {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const listen = () => {
    firstMs ??= performance.now();
    if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listen);
  return {
    interrupted: controller.signal,
    stopListening: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listen);
    },
  };
}
