import { failsNow, isRejected } from './behaviour.ts';
import { bareMessageId, headerOf, parseMail } from './mail-message.ts';
import type { AttemptLog } from './attempts.ts';
import type { Dial, MailBehaviour } from './behaviour.ts';
import type { MailEnvelope, MailMessage } from './mail-message.ts';
import type { Mailbox } from './mailbox.ts';

/** What the mail server does with one mail; `status` is the SMTP code that says so. */
export type MailVerdict =
  | { readonly outcome: 'stored'; readonly status: 250; readonly mail: MailMessage }
  | { readonly outcome: 'hung'; readonly status: null; readonly hang: number | true }
  | { readonly outcome: 'failed'; readonly status: 451 };

export interface MailIntakeOptions {
  readonly mailbox: Mailbox;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<MailBehaviour>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly random: () => number;
}

export type MailIntake = ReturnType<typeof createMailIntake>;

/** The rules of the mail server, without SMTP. */
export function createMailIntake({ mailbox, attempts, behaviour, now, newId, random }: MailIntakeOptions) {
  const judge = (mail: MailMessage): MailVerdict => {
    const { current } = behaviour;
    if (failsNow(current, random)) return { outcome: 'failed', status: 451 };
    mailbox.add(mail);
    return current.hang === false
      ? { outcome: 'stored', status: 250, mail }
      : { outcome: 'hung', status: null, hang: current.hang };
  };

  return {
    /** Whether a recipient may be mailed at all (550 if not). Asked before there is a Message-ID, so it is logged without. */
    accepts(recipient: string): boolean {
      if (!isRejected(behaviour.current, recipient)) return true;
      attempts.record({ reference: '', to: recipient, outcome: 'rejected', status: 550 });
      return false;
    },

    /** Decides, stores and logs in one step, once for every recipient in the log. */
    receive(raw: MailEnvelope): MailVerdict {
      const mail = parseMail(raw, { id: newId(), receivedAt: new Date(now()) });
      const reference = bareMessageId(headerOf(mail.Content.Headers, 'Message-ID') ?? mail.ID);
      const verdict = judge(mail);
      for (const to of raw.To) {
        attempts.record({ reference, to, outcome: verdict.outcome, status: verdict.status });
      }
      return verdict;
    },

    /** Logs a mail beyond the size limit (552), of which no header was kept. */
    receiveTooLarge(recipients: readonly string[]): void {
      for (const to of recipients) attempts.record({ reference: '', to, outcome: 'invalid', status: 552 });
    },
  };
}
