/** Ends of names that RFC 2606 and RFC 6761 reserve: no such domain exists on the Internet. */
const RESERVED = /(^|\.)(example|example\.(com|net|org)|test|invalid|localhost|local)$/;

/**
 * Whether a push service may accept this subject: `mailto:` or `https:` with a domain that can exist. Apple answers 403
 * `BadJwtToken` where the domain cannot be resolved.
 */
export function isReachableSubject(subject: string): boolean {
  const domain = /^(?:mailto:[^@\s]+@|https:\/\/)([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:$|[/:?])/i.exec(
    subject,
  )?.[1];
  return domain !== undefined && !RESERVED.test(domain.toLowerCase()) && !/^[\d.]+$/.test(domain);
}
