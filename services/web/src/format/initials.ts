import { firstGrapheme } from '@payfan/contracts/typed';

/** `Asha Rao` → `AR`, for a picture of somebody who has none. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends
    .map((word = '') => firstGrapheme(word))
    .join('')
    .toUpperCase();
}
