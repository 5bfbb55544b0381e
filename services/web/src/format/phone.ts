/** E.164 for people: `+917010233311` → `+91 70102 33311`. Others stay as they are. */
export function formatPhone(e164: string): string {
  const found = /^\+91(\d{5})(\d{5})$/.exec(e164);
  return found === null ? e164 : `+91 ${found[1]} ${found[2]}`;
}

/** `Asha Rao` → `AR`, for a picture of somebody who has none. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends
    .map((word) => /^./u.exec(word ?? '')?.[0] ?? '')
    .join('')
    .toUpperCase();
}
