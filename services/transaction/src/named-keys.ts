/** An API key from the environment, with the name of the service or operator that it belongs to. */
export interface NamedKey {
  name: string;
  key: string;
}

/** Outside a demo a shorter key could be guessed, as only its SHA-256 protects it. */
export const SHORTEST_KEY_LENGTH = 32;

/** A key has the characters that an `Authorization: Bearer` header may carry (RFC 6750); `ps_` begins a session. */
const PAIR = /^([a-z][a-z0-9-]{0,30})=(?!ps_)([\w.~+/=-]{1,512})$/;

/**
 * Reads `name=key` pairs separated by commas, as in SERVICE_KEYS and OPERATOR_KEYS. A name may have several keys,
 * so that a new key works before every copy of the service has it. Undefined if the text is not such a list, or
 * has one key twice.
 */
export function parseNamedKeys(list: string): NamedKey[] | undefined {
  const found: NamedKey[] = [];
  for (const item of list.split(',')) {
    const [, name, key] = PAIR.exec(item.trim()) ?? [];
    if (name === undefined || key === undefined) return undefined;
    if (found.some((other) => other.key === key)) return undefined;
    found.push({ name, key });
  }
  return found;
}
