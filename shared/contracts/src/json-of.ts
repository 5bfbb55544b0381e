const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the body of a message as JSON in UTF-8.
 *
 * @throws TypeError for invalid UTF-8, because replacing its bytes would change a text; SyntaxError for other than JSON
 */
export const jsonOf = (body: Uint8Array): unknown => JSON.parse(utf8.decode(body));
