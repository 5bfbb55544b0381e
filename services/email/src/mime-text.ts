import * as base64 from 'nodemailer/lib/base64';
import { foldLines } from 'nodemailer/lib/mime-funcs';
import MimeNode from 'nodemailer/lib/mime-node';
import * as quotedPrintable from 'nodemailer/lib/qp';
import type { Mail } from './mail.ts';

export type Mailbox = Mail['to'];

/** What only the provider knows of a mail. */
export interface MailIds {
  /** In angle brackets. */
  messageId: string;
  /** Part of what separates its parts: must not be foreseen by whoever wrote a part. */
  boundary: string;
}

/**
 * Makes mails from one sender: each one text, with the line ends that go over the wire (RFC 5322, in two readings of
 * RFC 2046). How a header or a part is encoded is nodemailer's, and so is every byte; its tree of nodes, with a stream
 * for each, would be more than half of what a mail costs this program.
 */
export function mimeWriter(from: Mailbox): (mail: Mail & MailIds) => string {
  const fromHeader = header('From', from);
  return ({ to, subject, text, html, messageId, boundary }) => {
    const separator = `--_NmP-${boundary}-Part_1`;
    const lines = [
      'Auto-Submitted: auto-generated',
      fromHeader,
      header('To', to),
      header('Subject', subject),
      `Message-ID: ${messageId}`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/alternative;',
      ` boundary="${separator}"`,
      '',
      `--${separator}`,
      part('text/plain', text),
      `--${separator}`,
      part('text/html', html),
      `--${separator}--`,
      '',
    ];
    return lines.join('\r\n');
  };
}

/** The address as SMTP takes it: a domain beyond ASCII by its ASCII name, unless what is before it is beyond ASCII too. */
export function smtpAddress(address: string): string {
  const { from } = rules.setEnvelope({ from: address }).getEnvelope();
  return from === false ? '' : from;
}

/** Of nodemailer's nodes only their rules are wanted. Without a text for boundaries, each would ask the system for random bytes. */
const node = (contentType: string | false) => new MimeNode(contentType, { baseBoundary: 'none' });
const rules = node(false);

/** RFC 2047, and folded as RFC 5322 wants it. */
function header(name: string, value: Mailbox | string): string {
  return foldLines(`${name}: ${rules.encodeHeaderValue(name, value)}`, 76);
}

function part(type: string, content: string): string {
  const encoding = node(type).setContent(content).getTransferEncoding();
  const head = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}`;
  return `${head}\r\n\r\n${encoded(content, encoding).replaceAll(/\r?\n/g, '\r\n')}`;
}

/** RFC 2045. */
function encoded(content: string, encoding: string | false): string {
  if (encoding === 'quoted-printable') return quotedPrintable.wrap(quotedPrintable.encode(content));
  if (encoding === 'base64') return base64.wrap(base64.encode(content), 76);
  return content;
}
