import { Readable } from 'node:stream';
import type { PluginFunction } from 'nodemailer';
import type MimeNode from 'nodemailer/lib/mime-node';
import * as base64 from 'nodemailer/lib/base64';
import * as quotedPrintable from 'nodemailer/lib/qp';

/**
 * A nodemailer plugin for its step `stream`: writes a mail out as one text instead of by a stream for each of
 * its parts, which is most of what a mail would cost. The headers are nodemailer's own.
 */
export const asOneText: PluginFunction = ({ message }, done) => {
  const written = textOf(message);
  const text = written.endsWith('\n') ? written : `${written}\r\n`;
  message.createReadStream = () =>
    new Readable({
      read() {
        this.push(text);
        this.push(null);
      },
    });
  done();
};

/** For parts with text or other parts in them: mail without attachments, that is. Line ends as in the text. */
function textOf(node: MimeNode): string {
  const head = `${node.buildHeaders()}\r\n\r\n`;
  if (node.multipart) {
    const parts = node.childNodes.map((part) => `--${node.boundary}\r\n${textOf(part)}\r\n`);
    return `${head}${parts.join('')}--${node.boundary}--\r\n`;
  }
  return head + contentOf(node);
}

/** RFC 2045: in nodemailer's choice of encoding. */
function contentOf(node: MimeNode): string {
  const { content } = node;
  if (typeof content !== 'string') throw new TypeError('only text can be written out');
  const encoding = node.getTransferEncoding();
  if (encoding === 'quoted-printable') return quotedPrintable.wrap(quotedPrintable.encode(content));
  if (encoding === 'base64') return base64.wrap(base64.encode(content), 76);
  return content;
}
