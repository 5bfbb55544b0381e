/** A mail or an SMS that the demo's outside world has caught, as the page shows it. */
export interface Captured {
  id: string;
  to: string;
  /** Of a mail. */
  subject: string | null;
  text: string;
  at: string;
}

interface MailContent {
  Headers?: Record<string, string[]>;
  Body?: string;
  MIME?: { Parts?: MailContent[] | null } | null;
}

interface MailList {
  items?: {
    ID: string;
    Created: string;
    Raw?: { To?: string[] };
    Content: MailContent;
    MIME?: { Parts?: MailContent[] | null } | null;
  }[];
}

/** Of MailHog's `GET /api/v2/messages`, newest first. */
export function capturedMail(answer: unknown): Captured[] {
  const { items = [] } = answer as MailList;
  return items.map(({ ID, Created, Raw, Content, MIME }) => ({
    id: ID,
    to: (Raw?.To ?? []).join(', '),
    subject: decodeWords(headerOf(Content, 'subject') ?? ''),
    text: plainTextOf({ ...Content, MIME: Content.MIME ?? MIME ?? null }) ?? '',
    at: Created,
  }));
}

interface SmsList {
  data?: { id: string; to: string; body: string; createdAt: string }[];
}

/** Of the SMS gateway's `GET /messages`, newest first. */
export const capturedSms = (answer: unknown): Captured[] =>
  ((answer as SmsList).data ?? []).map(({ id, to, body, createdAt }) => ({
    id,
    to,
    subject: null,
    text: body,
    at: createdAt,
  }));

function headerOf({ Headers = {} }: MailContent, name: string): string | undefined {
  const found = Object.entries(Headers).find(([one]) => one.toLowerCase() === name);
  return found?.[1][0];
}

/** The first part that is plain text; HTML is somebody else's, and never shown. */
function plainTextOf(content: MailContent): string | undefined {
  const parts = content.MIME?.Parts ?? [];
  const type = headerOf(content, 'content-type') ?? 'text/plain';
  if (parts.length === 0 || !/^multipart\//i.test(type)) {
    return /^text\/plain\b/i.test(type) ? decodeBody(content).trim() : undefined;
  }
  for (const part of parts) {
    const text = plainTextOf(part);
    if (text !== undefined) return text;
  }
  return undefined;
}

function decodeBody(content: MailContent): string {
  const body = content.Body ?? '';
  const encoding = headerOf(content, 'content-transfer-encoding')?.trim().toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding === 'quoted-printable') return unquoted(body.replaceAll(/[ \t]*=\r?\n/g, ''));
  return body;
}

/** RFC 2047: `=?UTF-8?Q?=E2=82=B9100?=`; between two such words a space means nothing. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : unquoted(word.replaceAll('_', ' ')),
    );
}

const unquoted = (text: string): string =>
  text.replaceAll(/(?:=[0-9A-F]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'),
  );
