const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Every character without a shape of its own: control and format characters, line separators, marks that change the
 * direction of text, fillers, variation selectors, tags, private and unassigned code points, halves of surrogate pairs.
 * Exempt are the Arabic and Kaithi number signs, which are visible, and code points reserved for future emoji.
 */
const INVISIBLE =
  /(?![\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}\p{Extended_Pictographic}])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** The viramas of the scripts of India and Sri Lanka. A joiner beside one selects the form of the consonants. */
const VIRAMA = String.raw`[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d3b\u0d3c\u0d4d\u0dca]`;
const ARABIC_LETTER = String.raw`(?=\p{Script_Extensions=Arabic})\p{L}`;

/** Invisible characters where a script or an emoji needs them. */
const NEEDED = new RegExp(
  [
    String.raw`(?<=\p{L}\p{M}*${VIRAMA})[\u200c\u200d]`,
    // Bengali ra with ya-phalaa, and similar forms of Kannada and Sinhala, have the joiner before the virama.
    String.raw`(?<=\p{L})[\u200c\u200d](?=${VIRAMA})`,
    // Persian and Urdu separate the parts of a word by a non-joiner; an abbreviation ends with a joiner.
    String.raw`(?<=${ARABIC_LETTER}\p{M}*)\u200c(?=${ARABIC_LETTER})`,
    String.raw`(?<=${ARABIC_LETTER}\p{M}*)\u200d(?![\p{L}\p{M}])`,
    String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d(?=\p{Extended_Pictographic})`,
    String.raw`(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]`,
    String.raw`(?<=[0-9#*])\ufe0f(?=\u20e3)`,
    // The flags of England, Scotland and Wales spell gbeng, gbsct and gbwls in tag characters.
    String.raw`(?<=🏴)\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}`,
  ].join('|'),
  'gu',
);

/**
 * Finds a character that readers cannot see, because it could hide a difference between two texts or reorder an
 * amount. Joiners and selectors that shape a letter or an emoji are accepted.
 *
 * @param text of bounded length, in NFC
 * @returns the first such character as `U+200B`, or undefined
 */
export function firstInvisible(text: string): string | undefined {
  if (PRINTABLE_ASCII.test(text)) return undefined;
  const code = INVISIBLE.exec(text.replaceAll(NEEDED, ''))?.[0].codePointAt(0);
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
