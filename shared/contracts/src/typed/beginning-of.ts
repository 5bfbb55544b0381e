const graphemes = new Intl.Segmenter('en-IN', { granularity: 'grapheme' });

/** The first character as readers see it: `é` with its accent, an emoji with its skin tone; empty for no text. */
export function firstGrapheme(text: string): string {
  const [first] = graphemes.segment(text);
  return first?.segment ?? '';
}

/**
 * The beginning of a text: as many whole characters (graphemes) as fit into `longest` UTF-16 code units. A first
 * character that is too long by itself, such as a letter with fifty accents, is cut between its code points.
 */
export function beginningOf(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return asManyAsFit(graphemesOf(text), longest) || asManyAsFit(text, longest);
}

/** A text of at most `longest` UTF-16 code units; one that is cut ends with an ellipsis. */
export function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${beginningOf(text, longest - 1)}…`;
}

function* graphemesOf(text: string): Generator<string> {
  for (const { segment } of graphemes.segment(text)) yield segment;
}

function asManyAsFit(parts: Iterable<string>, longest: number): string {
  let fitting = '';
  for (const part of parts) {
    if (fitting.length + part.length > longest) break;
    fitting += part;
  }
  return fitting;
}
