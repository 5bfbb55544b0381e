import type { Part } from '@payfan/service';

/** The part of a socket that hanging needs. */
interface Line {
  readonly destroyed: boolean;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Answers that are late, or never come. Stopped before the HTTP server, which would wait for them for ever. */
export interface Waits extends Part {
  /** Resolves after `ms`, or at once when stopping. */
  pause(ms: number): Promise<void>;
  /**
   * Resolves once the line is closed: by the client, after `ms` if it is a number, or when stopping.
   * Nobody reads what is written afterwards.
   */
  hang(line: Line, ms: number | true): Promise<void>;
}

export function createWaits(): Waits {
  const endings = new Set<() => void>();
  let stopped = false;

  /** Resolves by `end`, which `begin` is given and which stopping calls too. */
  const until = (begin: (end: () => void) => () => void): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        if (!endings.delete(end)) return;
        cleanUp();
        resolve();
      };
      endings.add(end);
      const cleanUp = begin(end);
      if (stopped) end();
    });

  return {
    name: 'waits',
    start: () => Promise.resolve(),
    stop() {
      stopped = true;
      for (const end of [...endings]) end();
      return Promise.resolve();
    },
    async pause(ms) {
      if (ms <= 0) return;
      await until((end) => {
        const timer = setTimeout(end, ms);
        return () => clearTimeout(timer);
      });
    },
    async hang(line, ms) {
      if (line.destroyed) return;
      await until((end) => {
        line.once('close', end);
        const timer = ms === true ? undefined : setTimeout(end, ms);
        return () => {
          clearTimeout(timer);
          line.destroy();
        };
      });
    },
  };
}
