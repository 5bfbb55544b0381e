import fc from 'fast-check';
import { findPhoneNumbersInText } from 'libphonenumber-js/max';
import LinkifyIt from 'linkify-it';
import tlds from 'tlds';

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, fuzzyIP: true }).tlds(tlds);
for (const scheme of ['tel:', 'sms:', 'upi:', 'javascript:', 'intent:', 'geo:', 'whatsapp:']) {
  linkify.add(scheme, { validate: (text, position) => /^\S*/.exec(text.slice(position))?.[0].length ?? 0 });
}

/** Stricter than the linkifiers: all that could be a link, under any domain (none begins with a digit) or scheme. */
const ANY_LINK: readonly RegExp[] = [
  /[\p{L}\p{M}\p{N}_-][.。](?!\p{N})[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}]{2}/giu,
  /(?<![\p{L}\p{N}])[a-z][a-z\d+.-]*:[^\s,.:]/giu,
  /www\.\S/giu,
  /[^\s@]@[^\s@,.:]/gu,
  /\/\/|\\\\/g,
  /\d{1,3}(?:\.\d{1,3}){3}/g,
  /%[\da-f]{2}|&#/gi,
];
/** More digits than a date has, with what may stand between those of a phone number. */
const PHONE_NUMBER = /\p{Nd}(?:[\p{M}\s\p{Pd}\p{Ps}\p{Pe}./\\~]{0,4}\p{Nd}){8,}/gu;
const INVISIBLE = /(?!\s)[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\u2800]/gu;

/**
 * Everything that a mail program, phone or browser might turn into a link: in the text as it is, as it looks (NFKC,
 * without invisible characters), and percent-decoded. Shares no code with `withoutLinks`, which it tests.
 */
export function linksIn(text: string): string[] {
  const bare = text.replaceAll(INVISIBLE, '');
  const compatible = bare.normalize('NFKC');
  const readings = new Set([text, bare, compatible, text.normalize('NFKC'), percentDecoded(compatible)]);
  return [...readings].flatMap((reading) => [
    ...(linkify.match(reading)?.map(({ raw }) => raw) ?? []),
    ...[...ANY_LINK, PHONE_NUMBER].flatMap((pattern) => reading.match(pattern) ?? []),
    ...findPhoneNumbersInText(reading, 'IN').map(({ number }) => number.number),
  ]);
}

const percentDecoded = (text: string): string =>
  text.replaceAll(/%([2-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const LINKS = [
  'http://evil.com/login?a=1',
  'https://evil.example.co.in',
  'HTTPS://EVIL.COM',
  'evil.com',
  'www.evil.in/pay',
  't.me/payfan',
  'evil.xn--p1ai',
  'xn--80ak6aa92e.com',
  'उदाहरण.भारत',
  'пример.рф',
  '例子。中国',
  'evil.com:8080/x#y',
  'user:pass@evil.com',
  '//evil.com',
  String.raw`\\evil\share`,
  '192.168.10.1',
  '10.0.0.1/pay',
  'http://[2001:db8::1]/',
  'http://3232235777/',
  'support@evil.com',
  'ravi@okaxis',
  'mailto:support@evil.com',
  'tel:+919876543210',
  'tel:112',
  'sms:56161',
  'upi://pay?pa=evil@bank',
  'javascript:alert(1)',
  'intent://evil#Intent;end',
  '9876543210',
  '+91 98765 43210',
  '+91-98765-43210',
  '(0)98.76.54.32.10',
  '1800 11 4000 22',
  '+1 (415) 555-2671',
  '९८७६५४३२१०',
  '٩٨٧٦٥٤٣٢١٠',
];

/** Characters that many programs do not show, or drop before they look for links. */
const UNSEEN = [
  '\u200b',
  '\u00ad',
  '\u2060',
  '\ufeff',
  '\u200d',
  '\u200c',
  '\u202e',
  '\u2066',
  '\u061c',
  '\u3164',
  '\u034f',
  '\ufe0f',
  '\u{e0041}',
  '\u180e',
];
const DOTS = ['.', '．', '。', '｡', '․', '﹒'];

const fullWidth = (text: string): string =>
  text.replaceAll(/[!-~]/g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0));
const bold = (text: string): string =>
  text.replaceAll(/[a-z\d]/g, (c) =>
    String.fromCodePoint(c >= 'a' ? 0x1d41a + c.charCodeAt(0) - 97 : 0x1d7ce + Number(c)),
  );
const percentEncoded = (text: string): string =>
  text.replaceAll(/[./:@]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

const spelled = fc
  .tuple(
    fc.constantFrom(...LINKS),
    fc.constantFrom(String, fullWidth, bold, percentEncoded, (text: string) => text.toUpperCase()),
    fc.constantFrom(...DOTS),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...UNSEEN)), { maxLength: 4 }),
  )
  .map(([link, spell, dot, unseen]) =>
    unseen.reduce(
      (text, [at, hidden]) => {
        const characters = Array.from(text);
        return characters.toSpliced(at % (characters.length + 1), 0, hidden).join('');
      },
      spell(link.replaceAll('.', dot)),
    ),
  );

const around = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'lunch ',
    '(',
    ')',
    '<',
    '"',
    "'",
    ',',
    '.',
    '/',
    ':',
    '@',
    '-',
    '☎',
    '❤️',
    'नमस्ते',
    '5',
    'a',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

/** What a customer types to put a link into another person's alert: in many spellings, with text around it. */
export const typedLinks: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(around, spelled, around).map((parts) => parts.join('')) },
  // Other combinations of the characters of links.
  fc.string({
    unit: fc.constantFrom(...Array.from('ab.:/@%&#1²⒈-( '), 'com', '98765', '２', 'भ', ...UNSEEN, ...DOTS),
    maxLength: 40,
  }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
