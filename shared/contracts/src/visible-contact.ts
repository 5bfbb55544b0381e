import { firstGrapheme } from './typed/beginning-of.ts';
import type { Role } from './events.ts';

/** Who reads about a transfer or payout: someone who may see everything, or the owner of one account. */
export type Viewer = { readonly kind: 'all' } | { readonly kind: 'account'; readonly accountId: string };

/**
 * A party's phone number, email address or account id as a viewer may see it. Every answer that shows one party's
 * contact to another goes through here:
 *
 * - Owners see their own contacts whole, and so do operators and services with a grant.
 * - A payer sees the payee's phone number whole, because the payer entered it.
 * - A payee sees the last four digits of the payer's phone number.
 * - No one sees the email address of another account, only its first letter and domain.
 */
export function visibleContact(
  contact: string,
  owner: { readonly accountId: string; readonly role: Role },
  viewer: Viewer,
): string {
  const isWhole =
    viewer.kind === 'all' ||
    viewer.accountId === owner.accountId ||
    (owner.role === 'payee' && isPhoneNumber(contact));
  return isWhole ? contact : masked(contact);
}

const isPhoneNumber = (contact: string): boolean => contact.startsWith('+');
const HOME_COUNTRY = '+91';

/** Shows enough to recognise a known contact, and too little to use an unknown one. */
function masked(contact: string): string {
  const at = contact.lastIndexOf('@');
  if (at > 0) return `${firstGrapheme(contact)}***${contact.slice(at)}`;
  if (!isPhoneNumber(contact)) return `${contact.slice(0, 8)}…`;
  const shown = contact.startsWith(HOME_COUNTRY) ? HOME_COUNTRY : '+';
  return shown + '*'.repeat(Math.max(0, contact.length - shown.length - 4)) + contact.slice(-4);
}
