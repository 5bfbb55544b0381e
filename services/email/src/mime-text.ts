import * as base64 from 'nodemailer/lib/base64';
import { foldLines } from 'nodemailer/lib/mime-funcs';
import MimeNode from 'nodemailer/lib/mime-node';
import * as quotedPrintable from 'nodemailer/lib/qp';
import type { Mail } from './mail.ts';

export type Mailbox = Mail['to'];

/** What only the provider knows of a mail. */
export interface Posting {
  /** In angle brackets. */
  messageId: string;
  /** Part of what separates its parts: must not be foreseen by whoever wrote a part. */
  baseBoundary: string;
}

/**
 * Makes mails from one sender: each one text, its plain and HTML parts as alternatives (RFC 5322; RFC 2046, 5.1.4), with
 * the line ends that go over the wire. How a header or a part is encoded is nodemailer's; its tree of nodes, with a
 * stream for each, would be more than half of what a mail costs this program.
 */
export function mimeWriter(from: Mailbox): (mail: Mail & Posting) => string {
  const fromHeader = header('From', from);
  return ({ to, subject, text, html, messageId, baseBoundary }) => {
    const boundary = `--_NmP-${baseBoundary}-Part_1`;
    const lines = [
      'Auto-Submitted: auto-generated',
      fromHeader,
      header('To', to),
      header('Subject', subject),
      header('Message-ID', messageId),
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/alternative;',
      ` boundary="${boundary}"`,
      '',
      `--${boundary}`,
      part('text/plain', text),
      `--${boundary}`,
      part('text/html', html),
      `--${boundary}--`,
      '',
    ];
    return lines.join('\r\n');
  };
}

/** An address as SMTP takes it: a domain beyond ASCII by its ASCII name, unless the rest is beyond ASCII as well. */
export function smtpAddress(address: string): string {
  const { from } = rules.setEnvelope({ from: address }).getEnvelope();
  return from === false ? '' : from;
}

/** Of nodemailer's nodes only the rules are wanted. Without a base, each would ask the system for random bytes. */
const node = (contentType: string | false) => new MimeNode(contentType, { baseBoundary: 'none' });
const rules = node(false);

/** RFC 2047, and folded as RFC 5322 wants it. */
function header(name: string, value: Mailbox | string): string {
  return foldLines(`${name}: ${rules.encodeHeaderValue(name, value)}`, 76);
}

function part(type: string, content: string): string {
  // There is none for a part without content.
  const encoding = node(type).setContent(content).getTransferEncoding() || '7bit';
  const head = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}`;
  // A lone CR is put right on the way out, as dots at the beginnings of lines are.
  return `${head}\r\n\r\n${encoded(content, encoding).replaceAll(/\r?\n/g, '\r\n')}`;
}

/** RFC 2045. */
function encoded(content: string, encoding: string): string {
  if (encoding === 'quoted-printable') return quotedPrintable.wrap(quotedPrintable.encode(content));
  if (encoding === 'base64') return base64.wrap(base64.encode(content), 76);
  return content;
}
