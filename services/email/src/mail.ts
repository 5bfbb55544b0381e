import {
  formatAmount,
  formatCount,
  formatTime,
  withoutLinks,
  type Composed,
  type Recipient,
} from '@payfan/channel';
import type { PaymentEvent, PayoutCompleted, Role, TransferCompleted } from '@payfan/contracts';
import { html } from './html.ts';

/** A mail to one person; who it is from is the provider's matter. */
export interface Mail {
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
}

/**
 * One mailbox and nothing else: no list, no comment, no line break that could begin another header.
 * Whether it exists is for the mail server to say.
 */
const MAILBOX = /^[^\s\p{Cc}<>"(),:;@[\\\]]+@[^\s\p{Cc}<>"(),:;@[\\\]]+$/u;

/** What a mail says: a sentence, and what there is to know in lines of their own. */
interface Content {
  headline: string;
  facts: readonly [label: string, value: string][];
}

/** Tells one side of a transfer about it, or the owner of a payout that it is completed. */
export function composeMail({ type, data }: PaymentEvent, { role, party }: Recipient): Composed<Mail> {
  if (!MAILBOX.test(party.email)) {
    return { kind: 'impossible', reason: 'the recipient has no address that mail can go to' };
  }
  const name = withoutLinks(party.name);
  const content = type === 'payfan.payout.completed.v1' ? aboutPayout(data) : aboutTransfer(data, role);
  return {
    kind: 'message',
    message: {
      to: { name, address: party.email },
      subject: content.headline,
      text: asText(name, content),
      html: asHtml(name, content),
    },
  };
}

function aboutTransfer(data: TransferCompleted['data'], role: Role): Content {
  const other = withoutLinks((role === 'payer' ? data.payee : data.payer).name);
  const amount = formatAmount(data.amount, data.currency);
  return {
    headline: role === 'payer' ? `You paid ${amount} to ${other}` : `You received ${amount} from ${other}`,
    facts: [
      ['Amount', amount],
      [role === 'payer' ? 'Paid to' : 'Received from', other],
      ['When', formatTime(data.createdAt)],
      ...(data.note === '' ? [] : [['Note', withoutLinks(data.note)] satisfies [string, string]]),
      ['Transfer', data.transferId],
    ],
  };
}

function aboutPayout(data: PayoutCompleted['data']): Content {
  const amount = formatAmount(data.amount, data.currency);
  const [total, succeeded] = [formatCount(data.total), formatCount(data.succeeded)];
  return {
    headline: `Your payout made ${succeeded} of ${total} payments, ${amount} in all`,
    facts: [
      ['Amount', amount],
      ['Payments made', `${succeeded} of ${total}`],
      ...withoutMoney('Failed', data.failed),
      ...withoutMoney('Cancelled', data.cancelled),
      ['Begun', formatTime(data.createdAt)],
      ['Completed', formatTime(data.completedAt)],
      ['Payout', data.payoutId],
    ],
  };
}

/** Payments that were not made; nothing where there are none. */
function withoutMoney(label: string, count: number): Content['facts'] {
  return count > 0 ? [[label, `${formatCount(count)}; they moved no money`]] : [];
}

const CLOSING = 'If you did not expect this, sign in to Payfan and check your history.';

function asText(name: string, { headline, facts }: Content): string {
  const lines = facts.map(([label, value]) => `${label}: ${value}`);
  return `Hello ${name},\n\n${headline}.\n\n${lines.join('\n')}\n\n${CLOSING}\n`;
}

/** A table, since that is what mail programs agree on. Nothing is loaded from anywhere. */
function asHtml(name: string, { headline, facts }: Content): string {
  const rows = facts.map(
    ([label, value]) =>
      html` <tr>
        <td style="padding:4px 16px 4px 0;color:#556">${label}</td>
        <td style="padding:4px 0">${value}</td>
      </tr>`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
        <title>${headline}</title>
      </head>
      <body style="font-family:sans-serif;color:#112;max-width:36em;margin:2em auto;padding:0 1em">
        <p>Hello ${name},</p>
        <h1 style="font-size:1.25em">${headline}</h1>
        <table role="presentation" style="border-collapse:collapse">
          ${rows}
        </table>
        <p style="color:#556">${CLOSING}</p>
      </body>
    </html> `.text;
}
