import { oneLine } from './format.ts';

/**
 * Returns a customer's text on one line, changed so that no mail program, phone or browser finds a link or a phone
 * number in it. An alert carries Payfan's name, so its readers would trust such a link.
 *
 * Programs look for links after they have dropped invisible characters and read full-width letters, dots and digits as
 * plain ones, so this function does the same first. Then it separates the parts of each possible link by a visible
 * character, because programs skip invisible ones, such as the word joiner:
 *
 * - A space follows each dot, colon, `@`, `//` and `%` that joins an address: `evil. com`, `tel: 98`, `ravi@ bank`.
 * - Digits of any script that could be a phone number are cut with `_` into groups of at most five. Of the characters
 *   that an SMS holds at no extra cost, `_` is neither dialled nor used to write phone numbers: `98765_43210`.
 *
 * Amounts, dates, times, initials, and the joiners that shape Indian scripts and emoji stay as they were typed. A second
 * call changes nothing, and any part from the beginning of the result is as safe as the whole.
 */
export function withoutLinks(typed: string): string {
  if (PLAIN.test(typed)) return typed;
  const text = folded(visible(folded(oneLine(typed.toWellFormed()))));
  return text
    .replaceAll(IP_ADDRESS, (address) => address.replaceAll('.', '. '))
    .replaceAll(JOINS, '$& ')
    .replaceAll(DIGITS, cutNumbers)
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}

/** Plain words, as most names and notes are, need no change: bulk payouts compose thousands of alerts. */
const PLAIN = /^[a-z]+(?: [a-z]+)*$/i;

/**
 * Replaces compatibility forms by the characters that they look like, because `ｅ`, `𝐞`, `⒈` and `․` hide letters, digits and dots. Fractions and
 * superscripts stay, because `1½` would read `11⁄2`; spacing accents stay, because they would gain a space.
 */
const folded = (text: string): string =>
  text.replaceAll(/[^\p{No}\p{Sk}]+|[⒈-⒛🄀]/gu, (part) => part.normalize('NFKC'));

/** Removes invisible characters, except those that shape the letter or emoji before them. */
function visible(text: string): string {
  return text
    .replaceAll(
      /(?!\u200c|\u200d|\ufe0f|\p{Extended_Pictographic})[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cn}\u2800]/gu,
      '',
    )
    .replaceAll(/(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier})\ufe0f/gu, '')
    .replaceAll(
      /(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f|(?![\p{Script=Latin}\p{Script=Inherited}])[\p{L}\p{M}])(?:\u200c|\u200d)/gu,
      '',
    );
}

const IP_ADDRESS = /\p{N}+(?:\.\p{N}+){3,}/gu;

/** What may follow a dot without joining anything to it. */
const ENDS = String.raw`[\s)\]}»”’,;!?.。:]|$`;
/** The characters that a space must follow. */
const JOINS = new RegExp(
  [
    // A dot, except those in `20.50` and `a.m.`: no domain ends with a single Latin letter.
    String.raw`[.。](?!${ENDS}|(?<=\p{N}\.)\p{N}|[a-z](?![\p{L}\p{M}\p{N}_-]))`,
    // A colon, except those in times.
    String.raw`(?<=\S):(?!\s|$|(?<=(?<![\p{L}\p{M}\p{N}+.-])\p{N}{1,2}:)\p{N})`,
    String.raw`(?<=\S)@(?=\S)`,
    String.raw`[/\\](?=[/\\])`,
    // Escapes of URLs and of HTML, which hide any of these.
    String.raw`%(?=[\p{L}\p{N}])`,
    String.raw`&(?=#)`,
  ].join('|'),
  'giu',
);

/** Digits, with what people write between the digits of one phone number. */
const DIGITS = /\p{N}(?:[\p{M}\s\p{Pd}\p{Ps}\p{Pe}./\\~∼⁓]*\p{N})+/gu;
/** Phones offer to call numbers that have at least so many digits, as local numbers do. */
const SHORTEST_PHONE_NUMBER = 7;
/** Forms with fewer digits than a phone number with its area code: `24-11-2026`, `2026/11/24`, `100000.00`. */
const DATE_OR_AMOUNT =
  /^(?:[0-3]?\d([-./])[01]?\d\1(?:19|20)\d\d|(?:19|20)\d\d([-./])[01]?\d\2[0-3]?\d|\d{1,6}\.\d\d)$/;

/** Indian mobile numbers are written in two groups of five. */
const groupsOf = (digits: string): string[] => digits.match(/\p{N}{1,5}/gu) ?? [];

function cutNumbers(run: string): string {
  if (run.replaceAll(/\P{N}/gu, '').length < SHORTEST_PHONE_NUMBER) return run;
  const words = run.split(/\P{N}*\s\P{N}*/u);
  return words.map((word) => (DATE_OR_AMOUNT.test(word) ? word : cutWord(word))).join(' _ ');
}

/** The digits of a word in groups of at most five. A word with no more digits than one group stays as it is. */
function cutWord(word: string): string {
  const isShort = word.replaceAll(/\P{N}/gu, '').length <= 5;
  return isShort ? word : groupsOf(word).join('_');
}
