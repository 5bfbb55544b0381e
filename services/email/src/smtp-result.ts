import { isNativeError } from 'node:util/types';
import type { SendResult } from '@payfan/channel';
import type { NodemailerError } from 'nodemailer';

/** RFC 3463, 3.8: a matter of security or policy, such as a sender or a host that is blocked. */
const MAY_REFUSE_US = /^5\d\d[ -]5\.7\.\d/m;

/**
 * Derives the outcome of a failed mail from the phase in which it failed. A refusal is certain (RFC 5321, 4.2.1: 4yz may
 * work later, 5yz will not). It is about the mail only in reply to its recipient or its content. Without a reply, the
 * server may have accepted the mail once the final dot may have been sent, and not before.
 *
 * @param mayBeAccepted the final dot may have been sent
 */
export function resultOfSmtpError(
  thrown: unknown,
  { mayBeAccepted }: { mayBeAccepted: boolean },
): SendResult {
  const error: NodemailerError = isNativeError(thrown) ? thrown : new Error(String(thrown));
  const { code, command, response = '', responseCode = 0, permanent } = error;
  const { message } = code === 'EABORT' && isNativeError(error.cause) ? error.cause : error;
  const failed: SendResult = { kind: 'failed', error: message };

  // nodemailer names the command that was answered: `CONN` where it was none, `API` where it sent none itself.
  const answersTheMail = command === 'RCPT TO' || command === 'DATA';
  if (responseCode >= 400 && (answersTheMail || !mayBeAccepted)) {
    if (permanent !== true) return failed;
    if (!answersTheMail) return { ...failed, refusesUs: true };
    // Servers also say 5.7.x of one recipient or one mail, so it must not open the breaker for all others at once.
    if (MAY_REFUSE_US.test(response)) return { ...failed, refusesUs: 'maybe' };
    return { kind: 'rejected', error: message };
  }
  if (mayBeAccepted) return { kind: 'unknown', error: message };
  if (code === 'EENVELOPE' && command === 'API') return { kind: 'rejected', error: message };
  // Credentials are missing, or the server offers no way of logging in that nodemailer knows.
  if (code === 'EAUTH' && command === 'API') return { ...failed, refusesUs: true };
  return failed;
}
