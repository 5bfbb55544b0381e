/** E.164 for people: `+917010233311` → `+91 70102 33311`, `+91******3311` → `+91 ***** *3311`. Others stay as they are. */
export function formatPhone(e164: string): string {
  const found = /^\+91([\d*]{5})([\d*]{5})$/.exec(e164);
  return found === null ? e164 : `+91 ${found[1]} ${found[2]}`;
}

/** As somebody typed it: `7010233311`, `07010 233311` → `+91 70102 33311`. What is no ten Indian digits stays as it is. */
export function formatTypedPhone(typed: string): string {
  const found = /^(?:\+?91|0)?(\d{10})$/.exec(typed.replaceAll(/[\s()-]/g, ''));
  return found === null ? typed : formatPhone(`+91${found[1]}`);
}
