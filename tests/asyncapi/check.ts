import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { FILE, rendered } from './rendering.ts';

/** What is wrong with the text of the document, for people: empty if it is valid and says what the contracts say. */
export async function check(text: string): Promise<string[]> {
  return [...(text === rendered() ? [] : [STALE]), ...(await faults(text))];
}

const STALE = `${FILE} does not say what shared/contracts says. \`npm run docs\` rewrites it.`;

/** What AsyncAPI's own parser finds, examples that are not of their schemas included. */
async function faults(text: string): Promise<string[]> {
  const diagnostics = await new Parser().validate(text);
  return diagnostics
    .filter(({ severity }) => Number(severity) <= Number(DiagnosticSeverity.Warning))
    .map(({ path, message }) => `${FILE}: ${path.join('/')}: ${message}`);
}
