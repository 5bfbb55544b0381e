type Store = Pick<Storage, 'getItem' | 'setItem'>;

const nameOf = (accountId: string) => `payfan.seen.${accountId}`;

/**
 * Up to which number an account's feed was looked at in this browser. Numbers only: nothing that opens anything.
 * Undefined if it never was, or where nothing can be kept.
 */
export function lastSeen(accountId: string, store: () => Store = () => localStorage): number | undefined {
  try {
    const seq = Number(store().getItem(nameOf(accountId)) ?? 0);
    return Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
  } catch {
    return undefined;
  }
}

export function rememberSeen(accountId: string, seq: number, store: () => Store = () => localStorage): void {
  try {
    store().setItem(nameOf(accountId), String(seq));
  } catch {
    // Then it is unread again the next time.
  }
}
