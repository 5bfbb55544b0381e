import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** The lines that the linter refuses by a rule against some construct if this were the text of the file. */
function restrictedLines(file: string, source: string): number[] {
  const { stdout, stderr } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/eslint'),
    ['--stdin', '--stdin-filename', file, '--format', 'json'],
    { cwd: ROOT, input: source, encoding: 'utf8' },
  );
  if (!stdout.startsWith('[')) throw new Error(`eslint failed: ${stderr}`);
  const [result] = JSON.parse(stdout) as { messages: { ruleId: string; line: number; fatal?: true }[] }[];
  expect(result?.messages.filter(({ fatal }) => fatal)).toEqual([]);
  return result!.messages.filter(({ ruleId }) => ruleId.startsWith('no-restricted')).map(({ line }) => line);
}

test('no service reads an answer without a bound', () => {
  const source = `import { readJson } from '@payfan/service';
export const a = async (response: Response) => response.json();
export const b = async (response: Response) => response.text().catch(() => '');
export const c = async (response: Response) => await response.arrayBuffer();
export const d = async (response: Response) => await readJson(response);
`;
  expect(restrictedLines('services/phone/src/sms-gateway-client.ts', source)).toEqual([2, 3, 4]);
});

test('no service calls a peer without a deadline', () => {
  const source = `import { get, request as send } from 'node:https';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { request } from 'undici';
export const a = (url: string) => fetch(url, { signal: new AbortController().signal });
export const b = { send: fetch };
export const c = (stopping: AbortSignal) => AbortSignal.any([AbortSignal.timeout(1), stopping]);
export const d = [get, send, connect, request, createServer];
`;
  expect(restrictedLines('services/gateway/src/feed-client.ts', source)).toEqual([1, 1, 3, 4, 5, 6, 7, 7]);
});

test('a package of the pages sends no request but by its own function with a deadline', () => {
  const source = `export const a = (url: string) => fetch(url);
export const b = (url: string, { fetch = globalThis.fetch } = {}) => fetch(url);
`;
  expect(restrictedLines('shared/live-client/src/key-token.ts', source)).toEqual([1]);
});
