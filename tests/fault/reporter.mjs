// Shows, after all cases, what each did and what came of it: one line each, from .payfan/fault-report.jsonl.
import { existsSync, readFileSync, rmSync } from 'node:fs';

const FILE = '.payfan/fault-report.jsonl';
const COLUMNS = {
  name: 'case',
  seed: 'seed',
  faults: 'faults',
  transfers: 'transfers',
  lost: 'lost',
  unexpected: 'unexpected',
  doubled: 'doubled',
  mailsSentAgain: 'mails again',
  followers: 'followers',
  followed: 'events',
  lostLive: 'lost live',
  doubledLive: 'doubled live',
  healedSeconds: 'healed in s',
  seconds: 'took s',
};

export default class FaultReport {
  onRunStart() {
    rmSync(FILE, { force: true });
  }

  onRunComplete() {
    if (!existsSync(FILE)) return;
    const rows = readFileSync(FILE, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    const cells = [
      Object.values(COLUMNS),
      ...rows.map((row) => Object.keys(COLUMNS).map((column) => String(row[column] ?? ''))),
    ];
    const widths = Object.keys(COLUMNS).map((_, column) =>
      Math.max(...cells.map((row) => row[column].length)),
    );
    const lines = cells.map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  '),
    );
    process.stderr.write(`\n${lines.join('\n')}\n`);
  }
}
