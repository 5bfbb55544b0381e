import { domainToASCII } from 'node:url';
import type { Mail } from './mail.ts';

export type Mailbox = Mail['to'];

/** What only the provider knows of a mail. */
export interface Posting {
  /** In angle brackets. */
  messageId: string;
  date: Date;
}

/** No part can contain it: in quoted-printable text, `=` is followed by two digits or the end of the line. */
const BOUNDARY = '=_payfan';

/**
 * Makes mails from one sender: each one text, its plain and HTML parts as alternatives (RFC 5322; RFC 2046, 5.1.4), with
 * the line ends that go over the wire.
 */
export function mimeWriter(from: Mailbox): (mail: Mail & Posting) => string {
  const fromHeader = `From: ${mailbox(from)}`;
  return ({ to, subject, text, html, messageId, date }) =>
    [
      'Auto-Submitted: auto-generated',
      fromHeader,
      `To: ${mailbox(to)}`,
      `Subject: ${encodedWords(subject)}`,
      `Message-ID: ${messageId}`,
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0',
      `Content-Type: multipart/alternative; boundary="${BOUNDARY}"`,
      '',
      `--${BOUNDARY}`,
      part('text/plain', text),
      `--${BOUNDARY}`,
      part('text/html', html),
      `--${BOUNDARY}--`,
      '',
    ].join('\r\n');
}

/** An address with its domain in ASCII, unless the local part is beyond ASCII as well: then SMTPUTF8 takes both. */
export function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  const local = address.slice(0, at);
  if (/[^ -~]/.test(local)) return address;
  return local + (domainToASCII(address.slice(at)) || address.slice(at));
}

function mailbox({ name, address }: Mailbox): string {
  return `${encodedWords(name)} <${asciiAddress(address)}>`.trimStart();
}

/** RFC 2047 allows 75 characters for an encoded word; this leaves room for the name of the header. */
const BYTES_PER_WORD = 39;

/** Header text: letters, digits and single spaces as they are, and everything else as RFC 2047 encodes it. */
function encodedWords(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ');
  if (/^[\da-z]+(?: [\da-z]+)*$/i.test(line) && line.length <= BYTES_PER_WORD) return line;
  const words: string[] = [];
  let word = '';
  for (const character of line) {
    if (Buffer.byteLength(word + character) > BYTES_PER_WORD) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  if (word !== '') words.push(word);
  return words.map((each) => `=?UTF-8?B?${Buffer.from(each).toString('base64')}?=`).join('\r\n ');
}

function part(type: string, content: string): string {
  const head = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable`;
  return `${head}\r\n\r\n${quotedPrintable(content)}`;
}

/** RFC 2045, 6.7. */
function quotedPrintable(text: string): string {
  const bytes = Buffer.from(text.replaceAll(/\r\n?|\n/g, '\r\n')).toString('latin1');
  return bytes
    .replaceAll(/[^\t\r\n -<>-~]|[\t ](?=\r\n|$)/g, escaped)
    .split('\r\n')
    .map(broken)
    .join('\r\n');
}

/** A line has 76 characters at most, and is not broken inside an escaped byte. */
const broken = (line: string): string =>
  line.length <= 76 ? line : line.replaceAll(/.{73,75}(?<!=.?)(?=.)/g, '$&=\r\n');

const escaped = (byte: string): string =>
  `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
