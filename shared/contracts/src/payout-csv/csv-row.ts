type Cell = string | number | null;

/** A row of CSV (RFC 4180) for programs: fields in quotes where they need them, nothing for null. */
export function csvRow(fields: readonly Cell[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** A row of CSV for a file that people open in a spreadsheet: no part of a text in it runs as a formula. */
export function spreadsheetRow(fields: readonly Cell[]): string {
  return csvRow(fields.map((field) => (typeof field === 'string' ? asPlainText(field) : field)));
}

function csvField(field: Cell): string {
  if (typeof field !== 'string') return field === null ? '' : String(field);
  return /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * Spreadsheets take a cell that begins with one of these signs for a formula, and may cut a text into cells at other
 * separators than ours, drop blanks, control and invisible characters, and read full-width signs as plain ones
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const FORMULA = /(^|[,;|:\t\r\n])([\s\p{C}\p{Default_Ignorable_Code_Point}"]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫−])/gu;
/** A spreadsheet reads a phone number in E.164 as a number at worst, and programs need it unchanged. */
const E164 = /^\+\d{4,15}$/;

/** Puts an apostrophe before each sign that could begin a formula. */
const asPlainText = (text: string): string => (E164.test(text) ? text : text.replaceAll(FORMULA, "$1$2'"));
