import { Readable } from 'node:stream';
import type { PluginFunction } from 'nodemailer';
import * as base64 from 'nodemailer/lib/base64';
import MimeNode from 'nodemailer/lib/mime-node';
import * as quotedPrintable from 'nodemailer/lib/qp';
import type { Mail } from './mail.ts';

/** A mail with all that its headers say. */
export interface WholeMail extends Mail {
  from: { name: string; address: string };
  messageId: string;
  /** Part of what separates its parts: must not be foreseen by whoever wrote a part. */
  boundary: string;
}

/**
 * A mail as one text (RFC 5322, in two readings of RFC 2046). Headers and encodings are nodemailer's own, to the byte;
 * what it would put around them, and a stream for each part, is more than half of what a mail would cost this program.
 */
export function mimeText({ from, to, subject, messageId, boundary, text, html }: WholeMail): string {
  const root = new MimeNode('multipart/alternative', { baseBoundary: boundary });
  root.addHeader('Auto-Submitted', 'auto-generated');
  root.setHeader({ from, to, subject, 'message-id': messageId });
  const head = root.buildHeaders();
  const parts = [part(root, 'text/plain', text), part(root, 'text/html', html)];
  const between = `--${root.boundary}`;
  return `${head}\r\n\r\n${parts.map((one) => `${between}\r\n${one}\r\n`).join('')}${between}--\r\n`;
}

/** A nodemailer plugin for its step `stream`: what is given as `raw` leaves as one piece. */
export const inOnePiece: PluginFunction = ({ data, message }, done) => {
  message.createReadStream = () => Readable.from([data.raw]);
  done();
};

/** Headers of parts by their type and encoding, which is all that they say: ours have no name, no id, no others. */
const heads = new Map<string, string>();

function part(whole: MimeNode, type: string, content: string): string {
  // It separates nothing here, but without it nodemailer would ask the system for random bytes.
  const { baseBoundary } = whole;
  const node = whole.createChild(`${type}; charset=utf-8`, { baseBoundary }).setContent(content);
  const encoding = node.getTransferEncoding();
  const key = `${type} ${encoding}`;
  let head = heads.get(key);
  if (head === undefined) heads.set(key, (head = node.buildHeaders()));
  return `${head}\r\n\r\n${encoded(content, encoding)}`;
}

/** RFC 2045. */
function encoded(content: string, encoding: string | false): string {
  if (encoding === 'quoted-printable') return quotedPrintable.wrap(quotedPrintable.encode(content));
  if (encoding === 'base64') return base64.wrap(base64.encode(content), 76);
  return content;
}
