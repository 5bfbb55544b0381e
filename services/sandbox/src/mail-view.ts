import { LRUCache } from 'lru-cache';
import { simpleParser } from 'mailparser';
import type { MailMessage } from './mail-message.ts';

/** A mail as a person reads it, decoded. */
export interface MailView {
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly text: string | undefined;
  /** The sender's own HTML: never to be put into a page of ours. */
  readonly html: string | undefined;
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly bytes: number }[];
}

/** Longer HTML is not turned into text, which takes long. */
const MAX_HTML_LENGTH_TO_CONVERT = 200_000;

/**
 * Decodes mails, and remembers the newest few: a page that is open asks for the same ones again and again. None is
 * decoded on arrival, since most are never looked at.
 */
export function mailViews(): (mail: MailMessage) => Promise<MailView> {
  const views = new LRUCache<string, Promise<MailView>>({ max: 200 });
  return (mail) => {
    const view = views.get(mail.ID) ?? decode(mail);
    views.set(mail.ID, view);
    return view;
  };
}

async function decode(mail: MailMessage): Promise<MailView> {
  const envelope = { from: mail.Raw.From, to: mail.Raw.To.join(', ') };
  try {
    const parsed = await simpleParser(mail.Raw.Data, {
      skipTextToHtml: true,
      skipTextLinks: true,
      checksumAlgo: false,
      maxHtmlLengthToParse: MAX_HTML_LENGTH_TO_CONVERT,
    });
    return {
      subject: parsed.subject ?? '',
      from: parsed.from?.text ?? envelope.from,
      to:
        [parsed.to ?? []]
          .flat()
          .map(({ text }) => text)
          .join(', ') || envelope.to,
      text: parsed.text,
      html: parsed.html === false ? undefined : parsed.html,
      attachments: parsed.attachments.map(({ filename, contentType, size }) => ({
        name: filename ?? 'unnamed',
        type: contentType,
        bytes: size,
      })),
    };
  } catch {
    // A mail that cannot be decoded can still be shown as it came.
    return { ...envelope, subject: '', text: undefined, html: undefined, attachments: [] };
  }
}
