/** A row of CSV (RFC 4180): fields in quotes where they need them, nothing for null. */
export function csvRow(fields: readonly (string | number | null)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: string | number | null): string {
  if (typeof field !== 'string') return field === null ? '' : String(field);
  return /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * Words of others, for a file that a spreadsheet may open: what it would take for a formula begins with an apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export const asPlainText = (words: string): string => (/^[=+\-@\t\r]/.test(words) ? `'${words}` : words);
