import { beginningOf } from '@payfan/contracts';

/** What a group is cut to, in UTF-16 code units. */
const MAX_LENGTH = 500;
/** More of an error than this says nothing new; it also bounds the work on a hostile one. */
const MAX_READ = 4_000;

/**
 * In this order: what may hold the others comes first. Every repetition is bounded or cannot overlap with
 * what follows it. Numbers of up to three digits stay, and so does `5.1.1`: status codes tell causes apart.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/[\s\p{Cc}]+/gu, ' '],
  [/"[^"]{0,1000}"|“[^”]{0,1000}”|`[^`]{0,1000}`/gu, '<text>'],
  // An apostrophe is no quote.
  [/(?<![\p{L}\p{N}])(?:'[^']{0,1000}'|‘[^’]{0,1000}’)(?![\p{L}\p{N}])/gu, '<text>'],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#<>]{1,300}/giu, '$1<host>'],
  [
    /<?[\p{L}\p{M}\p{N}.!#$%&*+=?^_{|}~-]{1,64}@(?:[\p{L}\p{M}\p{N}-]{1,63}\.){0,8}[\p{L}\p{M}\p{N}-]{1,63}>?/gu,
    '<email>',
  ],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/giu, '<id>'],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]\d)(?::\d{1,5})?/gu, '<host>'],
  [/(?<![\w:])\[?(?=[0-9a-f:]*\d)(?:[0-9a-f]{0,4}:){2,8}[0-9a-f]{0,4}(?![\w:])\]?(?::\d{1,5})?/giu, '<host>'],
  [/\+\d(?:[ ().-]?\d){7,14}/gu, '<phone>'],
  // Digests, and ids of letters and digits in any order.
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b|\b[0-9a-f]{16,}\b/giu, '<id>'],
  [/\b(?=(?:[a-z_]*\d){3})(?=\d*[a-z_])\w{12,}\b/giu, '<id>'],
  [/\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d{4,}(?:\.\d+)?/gu, '<n>'],
];

/**
 * An error without what differs from case to case (addresses, numbers, ids, hosts, quoted words), so that
 * what died of the same thing has the same text. At most 500 code units; done twice, it is the same.
 */
export function normaliseError(error: string): string {
  // Replacing and cutting can bring to light what then looks like a number or an id. Every round leaves
  // fewer characters outside of placeholders, so it comes to rest.
  for (let text = beginningOf(error, MAX_READ); ;) {
    const replaced = PATTERNS.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
    const next = beginningOf(replaced, MAX_LENGTH).trim();
    if (next === text) return next;
    text = next;
  }
}
