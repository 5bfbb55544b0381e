import { phoneDigits } from '@payfan/contracts/typed';

/** E.164 for people: `+917010233311` → `+91 70102 33311`, `+91******3311` → `+91 ***** *3311`. Others stay as they are. */
export function formatPhone(e164: string): string {
  const found = /^\+91([\d*]{5})([\d*]{5})$/.exec(e164);
  return found === null ? e164 : `+91 ${found[1]} ${found[2]}`;
}

/** As a person typed it: `7010233311`, `०७०१० २३३३११` → `+91 70102 33311`. Anything but ten Indian digits stays as it is. */
export function formatTypedPhone(typed: string): string {
  const found = /^(?:\+?91|0)?(\d{10})$/.exec(phoneDigits(typed) ?? '');
  return found === null ? typed : formatPhone(`+91${found[1]}`);
}
