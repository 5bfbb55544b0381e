/** A key by which one of our services, or somebody else's back end, is known. */
export interface ServiceKey {
  /** Of the service: `gateway`. */
  name: string;
  key: string;
}

const PAIR = /^([a-z][a-z0-9-]{0,30})=(\S{1,512})$/;

/**
 * Reads `name=key` pairs separated by commas. A name may stand there with several keys, for as long as not
 * every copy of the service has the newer one. Undefined if it is not such a list, or names a key twice.
 */
export function parseServiceKeys(list: string): ServiceKey[] | undefined {
  const found: ServiceKey[] = [];
  for (const item of list.split(',')) {
    const [, name, key] = PAIR.exec(item.trim()) ?? [];
    if (name === undefined || key === undefined) return undefined;
    if (found.some((other) => other.key === key)) return undefined;
    found.push({ name, key });
  }
  return found;
}
