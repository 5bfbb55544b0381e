/** The rules for text that people type. They need no library, so that pages can apply them too. */
export * from './beginning-of.ts';
export * from './invisible-characters.ts';
export * from './phone-digits.ts';
export * from './single-line.ts';
