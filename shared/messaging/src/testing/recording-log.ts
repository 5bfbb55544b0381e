import type { Log } from '../log.ts';

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: object;
}

/** Keeps what was logged, for tests that ask what an operator would have read. */
export class RecordingLog implements Log {
  readonly lines: LogLine[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, fields });
  }

  /** The lines that say this. */
  saying(message: string): LogLine[] {
    return this.lines.filter((line) => line.message.includes(message));
  }
}
