/** Text as PostgreSQL takes it: it knows no NUL, and what a provider says may hold one. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD');

/** The same of every string in a JSON value. */
export const storableJson = (value: unknown): string => JSON.stringify(value, storableString);

function storableString(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  // A key may hold one, too.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [storableText(key), field as unknown]),
  );
}
