import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What somebody said when asked; `interrupted` by Ctrl-C. */
export type Decision = 'yes' | 'no' | 'interrupted';

/** The person, or the program, at the other end. */
export interface Terminal {
  /** What was asked for. */
  print(text: string): void;
  /** What goes on beside it: progress, warnings. */
  note(text: string): void;
  /** Redraws the last line on a terminal; elsewhere a line of its own. */
  progress(text: string): void;
  /** What comes next begins a line of its own. */
  endProgress(): void;
  paint(style: Style, text: string): string;
  /** Columns of the screen; undefined where there is none, and so no need to cut. */
  readonly width: number | undefined;
  /** Empties the screen, if there is one. */
  clear(): void;
  /** Whether somebody is there to be asked. */
  readonly interactive: boolean;
  /** Asks for yes or no, `no` being usual. The end of input is no. */
  confirm(question: string): Promise<Decision>;
}

export function openTerminal({ colours }: { colours: boolean }): Terminal {
  const { stdin, stdout, stderr } = process;
  const coloured = colours && stdout.isTTY;
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    progress: (text) => void stderr.write(stderr.isTTY ? `\r\u001b[2K${text}` : `${text}\n`),
    endProgress() {
      if (stderr.isTTY) stderr.write('\n');
    },
    paint: (style, text) => (coloured ? styleText(style, text) : text),
    width: stdout.isTTY ? stdout.columns : undefined,
    clear() {
      if (stdout.isTTY) stdout.write('\u001b[H\u001b[2J');
    },
    interactive: stdin.isTTY && stderr.isTTY,
    async confirm(question) {
      const asking = createInterface({ input: stdin, output: stderr });
      const stopped = new AbortController();
      let unanswered: Decision = 'no';
      asking.once('SIGINT', () => {
        unanswered = 'interrupted';
        stopped.abort();
      });
      asking.once('close', () => stopped.abort());
      try {
        const answer = await asking.question(`${question} [y/N] `, { signal: stopped.signal });
        return /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
      } catch {
        stderr.write('\n');
        return unanswered;
      } finally {
        asking.close();
      }
    },
  };
}

/** What steers a terminal, or turns the direction of writing; lines and tabs do no harm. */
const STEERING = /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/gu;

/** Text from elsewhere, such as a provider's words: what would steer the terminal is shown instead. */
export function harmless(text: string): string {
  return text.replace(STEERING, (steering) => `\\u${steering.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
