import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { Judge } from './judge.ts';
import { FILE, rendered } from './rendering.ts';

/** What is wrong with the text of the document, for people: empty if it is valid and says what the contracts say. */
export async function check(text: string): Promise<string[]> {
  const stale = text === rendered() ? [] : [STALE];
  const found = await faults(text);
  // A document that is none cannot be asked for its examples.
  const examples = found.length > 0 ? [] : new Judge(text).exampleProblems();
  return [...stale, ...[...found, ...examples].map((fault) => `${FILE}: ${fault}`)];
}

const STALE = `${FILE} does not say what shared/contracts says. \`npm run docs\` rewrites it.`;

const GRAVE: readonly number[] = [DiagnosticSeverity.Error, DiagnosticSeverity.Warning];

/** What AsyncAPI's own parser finds. */
async function faults(text: string): Promise<string[]> {
  const diagnostics = await new Parser().validate(text);
  return diagnostics
    .filter(({ severity }) => GRAVE.includes(severity))
    .map(({ path, message }) => `${path.join('/')}: ${message}`);
}
