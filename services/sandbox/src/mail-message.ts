/**
 * A mail as MailHog's API shows it. Names and shapes are MailHog's own, so that a client cannot tell
 * which of the two it talks to.
 */
export interface MailMessage {
  readonly ID: string;
  readonly From: MailPath;
  readonly To: readonly MailPath[];
  readonly Content: MailContent;
  /** ISO 8601, UTC. */
  readonly Created: string;
  readonly MIME: MailParts | null;
  readonly Raw: MailEnvelope;
}

export interface MailPath {
  /** Source routes, obsolete since RFC 2821. */
  readonly Relays: null;
  readonly Mailbox: string;
  readonly Domain: string;
  readonly Params: string;
}

export interface MailContent {
  readonly Headers: Record<string, string[]>;
  /** As it was sent: quoted-printable and base64 are not decoded. */
  readonly Body: string;
  /** Length of headers and body. */
  readonly Size: number;
  readonly MIME: MailParts | null;
}

export interface MailParts {
  readonly Parts: MailContent[];
}

/** What went over the wire. */
export interface MailEnvelope {
  readonly From: string;
  readonly To: readonly string[];
  readonly Data: string;
  readonly Helo: string;
}

const HOST_NAME = 'sandbox.payfan';
/** Beyond these (parts of the whole mail), parts stay inside their parent's Body: a hostile mail must not become a million objects. */
const MAX_PARTS = 200;
const MAX_DEPTH = 10;

/** Reads a mail as MailHog reads it, including the headers that it adds on arrival. */
export function parseMail(
  raw: MailEnvelope,
  { id, receivedAt }: { id: string; receivedAt: Date },
): MailMessage {
  const content = parseContent(raw.Data);
  const headers = content.Headers;
  headers[nameOf(headers, 'Message-ID')] ??= [id];
  (headers[nameOf(headers, 'Received')] ??= []).push(
    `from ${raw.Helo} by ${HOST_NAME} (MailHog)\r\n          id ${id}; ${receivedAt.toUTCString()}`,
  );
  (headers[nameOf(headers, 'Return-Path')] ??= []).push(`<${raw.From}>`);

  return {
    ID: id,
    From: parsePath(raw.From),
    To: raw.To.map(parsePath),
    Content: content,
    Created: receivedAt.toISOString(),
    MIME: partsOf(content, 0, { parts: MAX_PARTS }),
    Raw: raw,
  };
}

/** First value of a header, whatever the case of its name; undefined if it is not there. */
export function headerOf(headers: MailContent['Headers'], name: string): string | undefined {
  return headers[nameOf(headers, name)]?.[0];
}

/** A Message-ID without the angle brackets that some write and some don't. */
export function bareMessageId(messageId: string): string {
  return messageId.trim().replace(/^<|>$/g, '');
}

/** The name as this mail spells it. */
function nameOf(headers: MailContent['Headers'], name: string): string {
  const wanted = name.toLowerCase();
  return Object.keys(headers).find((key) => key.toLowerCase() === wanted) ?? name;
}

function parsePath(address: string): MailPath {
  const at = address.indexOf('@');
  return {
    Relays: null,
    Mailbox: at < 0 ? address : address.slice(0, at),
    Domain: at < 0 ? '' : address.slice(at + 1),
    Params: '',
  };
}

type OpenContent = { -readonly [K in keyof MailContent]: MailContent[K] };

function parseContent(data: string): OpenContent {
  const end = data.indexOf('\r\n\r\n');
  return {
    Headers: end < 0 ? {} : parseHeaders(data.slice(0, end)),
    Body: end < 0 ? data : data.slice(end + 4),
    Size: Buffer.byteLength(data),
    MIME: null,
  };
}

function parseHeaders(block: string): Record<string, string[]> {
  // Without a prototype, a header named __proto__ is a header like any other.
  const headers = Object.create(null) as Record<string, string[]>;
  const spellings = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of block.split('\r\n')) {
    if (values !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) {
      values.push((values.pop() ?? '') + line);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    values = spellings.get(name.toLowerCase());
    if (values === undefined) {
      values = [];
      spellings.set(name.toLowerCase(), values);
      headers[name] = values;
    }
    values.push(line.slice(colon + 1).trimStart());
  }
  return headers;
}

/**
 * The parts of a multipart body, between its boundaries. As with MailHog, the `--` after the last boundary
 * makes a last part of its own, so clients look for the part they want by its Content-Type.
 *
 * @param left what the mail may still be split into; shared by all its levels
 */
function partsOf(content: MailContent, depth: number, left: { parts: number }): MailParts | null {
  const type = headerOf(content.Headers, 'Content-Type');
  if (type === undefined || depth > MAX_DEPTH || !/^multipart\//i.test(type)) return null;
  const boundary = boundaryOf(type);
  if (boundary === undefined) return { Parts: [] };

  const sections = content.Body.split(`--${boundary}`, left.parts).filter((section) => section !== '');
  left.parts -= sections.length;
  const Parts = sections.map((section) => {
    const part = parseContent(trimLines(section));
    part.MIME = partsOf(part, depth + 1, left);
    return part;
  });
  return { Parts };
}

/** A regular expression would take quadratic time over a section full of line ends. */
function trimLines(text: string): string {
  const isLineEnd = (index: number) => text[index] === '\r' || text[index] === '\n';
  let start = 0;
  let end = text.length;
  while (start < end && isLineEnd(start)) start += 1;
  while (end > start && isLineEnd(end - 1)) end -= 1;
  return text.slice(start, end);
}

function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}
