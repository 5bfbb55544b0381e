import { isNativeError } from 'node:util/types';
import type { SendResult } from '@payfan/channel';

/** What nodemailer tells of a failure. */
interface SmtpError extends Error {
  code?: string;
  /** The system's own, such as ECONNREFUSED. */
  originalCode?: string;
  responseCode?: number;
  /** The reply means that the same mail would be refused again. */
  permanent?: boolean;
  timeoutType?: string;
}

/** The server refused this mail or its address, rather than us or the moment. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);
/** Before a mail can be handed over: no session came about. */
const NO_SESSION = new Set(['EDNS', 'ETLS', 'EAUTH', 'EPROTOCOL', 'EREQUIRETLS']);
const NO_SESSION_SYSTEM = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
const NO_SESSION_TIMEOUT = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);
/** Node's codes for a server whose certificate is not to be trusted, or that speaks no TLS: the mail was not sent yet. */
const NO_TRUST =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT$|INVALID_CA$|ERR_TLS_CERT_ALTNAME_INVALID$|ERR_SSL_WRONG_VERSION_NUMBER$)/;
/** The pool's words for connections that closed before any of the mail was sent. */
const NEVER_SENT = 'Reached maximum number of retries';

/**
 * Tells a refusal from a failure, and both from not knowing. A reply is always certain (RFC 5321, 4.2.1:
 * 4yz may work later, 5yz will not). Silence, or a reply that is cut off because it is too long, is certain only before
 * the mail went out.
 *
 * @param wasHandedOver the content of the mail was given to a connection
 */
export function resultOfSmtpError(
  thrown: unknown,
  { wasHandedOver }: { wasHandedOver: boolean },
): SendResult {
  const error: SmtpError = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { code = '', originalCode = '', timeoutType = '', responseCode, permanent, message } = error;
  if (responseCode !== undefined) {
    const refused = ABOUT_THE_MAIL.has(code) && permanent === true;
    return { kind: refused ? 'rejected' : 'failed', error: message };
  }
  // Without a reply it was the library that would not take the address.
  if (code === 'EENVELOPE') return { kind: 'rejected', error: message };
  const certain =
    !wasHandedOver &&
    (NO_SESSION.has(code) ||
      NO_SESSION_SYSTEM.has(originalCode) ||
      NO_TRUST.test(originalCode) ||
      NO_SESSION_TIMEOUT.has(timeoutType) ||
      message.startsWith(NEVER_SENT));
  return { kind: certain ? 'failed' : 'unknown', error: message };
}
