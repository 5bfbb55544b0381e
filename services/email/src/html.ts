/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly text: string;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A template whose values are escaped, except for markup that such a template made. */
export function html(parts: TemplateStringsArray, ...values: (string | Html | readonly Html[])[]): Html {
  const render = (value: string | Html | readonly Html[]): string => {
    if (typeof value === 'string') return escape(value);
    return 'text' in value ? value.text : value.map(({ text }) => text).join('');
  };
  return { text: parts.reduce((text, part, index) => text + render(values[index - 1] ?? '') + part) };
}
