// Tells a person how it goes, on stderr: a line for each step with the time it took. On a terminal
// the last line also shows what is under way; elsewhere a long step speaks up now and then.
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';

const HEARTBEAT_MS = 10_000;
const REDRAW_MS = 200;

/** For people: `0.4 s`, `75 s`. */
const seconds = (ms) => `${ms < 9_950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;

export function createProgress(stream = process.stderr, env = process.env) {
  const terminal = stream.isTTY === true && env.TERM !== 'dumb';
  const coloured = terminal && !env.NO_COLOR;
  const colour = (code, text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  /** Steps under way. */
  const steps = new Set();
  let timer;

  const clear = () => terminal && steps.size > 0 && stream.write('\r\u001b[2K');
  const draw = () => {
    if (!terminal || steps.size === 0) return;
    const texts = [...steps].map(({ title, note, startedMs }) => {
      const time = seconds(performance.now() - startedMs);
      return `${title} … ${time}${note === '' ? '' : ` (${note})`}`;
    });
    const text = `  ${texts.join('; ')}`.slice(0, (stream.columns ?? 80) - 1);
    stream.write(`\r\u001b[2K${colour(2, text)}`);
  };
  const print = (text) => {
    clear();
    stream.write(`${text}\n`);
    draw();
  };
  const speakUp = () => {
    for (const step of steps) {
      if (performance.now() - step.spokenMs < HEARTBEAT_MS) continue;
      step.spokenMs = performance.now();
      const note = step.note === '' ? '' : ` (${step.note})`;
      print(`  … ${step.title}: ${seconds(step.spokenMs - step.startedMs)} so far${note}`);
    }
  };

  const progress = {
    line: (text) => print(`  ${colour(2, '·')} ${text}`),
    done: (text, sinceMs) => {
      print(`  ${colour(32, '✓')} ${text} ${colour(2, `(${seconds(performance.now() - sinceMs)})`)}`);
    },

    /** Runs `work`, which may say by its argument how far it is; then says that `title` is done. */
    async step(title, work) {
      const startedMs = performance.now();
      const step = { title, note: '', startedMs, spokenMs: startedMs };
      if (!terminal) print(`  … ${title}`);
      steps.add(step);
      timer ??= setInterval(terminal ? draw : speakUp, REDRAW_MS);
      let failed = true;
      try {
        const result = await work((note) => (step.note = note));
        failed = false;
        return result;
      } finally {
        clear();
        steps.delete(step);
        if (steps.size === 0) timer = clearInterval(timer);
        if (failed) print(`  ${colour(31, '✗')} ${title}`);
        else progress.done(title, startedMs);
      }
    },
  };
  return progress;
}
