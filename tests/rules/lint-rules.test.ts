import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** The lines that the linter refuses by `no-restricted-syntax` if this were the text of the file. */
function restrictedLines(file: string, source: string): number[] {
  const { stdout, stderr } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/eslint'),
    ['--stdin', '--stdin-filename', file, '--format', 'json'],
    { cwd: ROOT, input: source, encoding: 'utf8' },
  );
  if (!stdout.startsWith('[')) throw new Error(`eslint failed: ${stderr}`);
  const [result] = JSON.parse(stdout) as { messages: { ruleId: string; line: number; fatal?: true }[] }[];
  expect(result?.messages.filter(({ fatal }) => fatal)).toEqual([]);
  return result!.messages.filter(({ ruleId }) => ruleId === 'no-restricted-syntax').map(({ line }) => line);
}

test('no service reads an answer without a bound', () => {
  const source = `import { readJson } from '@payfan/service';
export const a = async (url: string) => (await fetch(url)).json();
export const b = async (url: string) => (await fetch(url)).text().catch(() => '');
export const c = async (response: Response) => await response.arrayBuffer();
export const d = async (response: Response) => await readJson(response);
`;
  expect(restrictedLines('services/phone/src/sms-gateway-client.ts', source)).toEqual([2, 3, 4]);
});
