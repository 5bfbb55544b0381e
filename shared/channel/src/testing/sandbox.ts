import type { World } from './bench.ts';

const BEHAVIOUR = { well: {}, fails: { failRate: 1 }, hangs: { hang: true } };

/** Steers a sandbox that stands for the world: its mail server and its SMS gateway take the same wishes. */
export function sandboxBehaviour(url: string): World['behave'] {
  return async (how) => {
    await fetch(`${url}/behaviour`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(typeof how === 'string' ? BEHAVIOUR[how] : { reject: [how.rejects] }),
    });
  };
}
