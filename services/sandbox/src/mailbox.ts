import { headerOf, parseMail } from './mail-message.ts';
import { Ring } from './ring.ts';
import type { MailEnvelope, MailMessage, MailPath } from './mail-message.ts';

export const SEARCH_KINDS = ['from', 'to', 'containing'] as const;

export interface MailSearch {
  readonly kind: (typeof SEARCH_KINDS)[number];
  /** Found anywhere in the text, whatever its case. */
  readonly query: string;
}

export interface MailPage {
  /** How many there are beyond this page. */
  readonly total: number;
  /** Newest first. */
  readonly items: MailMessage[];
}

/** Beyond either of these the oldest mails are forgotten. */
const MAX_MAILS = 10_000;
const MAX_MAILBOX_BYTES = 256 * 1024 * 1024;

/** A page ends early rather than grow beyond this: an answer has to fit into one string. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

/** A mail as it is kept: its text is outside the heap, where ten thousand of them give the collector nothing to do. */
interface KeptMail {
  readonly id: string;
  readonly receivedAt: Date;
  readonly envelope: Omit<MailEnvelope, 'Data'>;
  readonly data: Buffer;
}

/** Mails that arrived, in memory. Each is read anew whenever it is asked for: most never are. */
export class Mailbox {
  readonly #mails: Ring<KeptMail>;
  readonly #byId = new Map<string, KeptMail>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ max = MAX_MAILS, maxBytes = MAX_MAILBOX_BYTES }: { max?: number; maxBytes?: number } = {}) {
    this.#mails = new Ring(max);
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#mails.length;
  }

  add({ ID: id, Created, Raw: { Data, ...envelope } }: MailMessage): void {
    const mail = { id, receivedAt: new Date(Created), envelope, data: Buffer.from(Data) };
    this.#forget(this.#mails.push(mail));
    this.#byId.set(id, mail);
    this.#bytes += mail.data.length;
    while (this.#bytes > this.#maxBytes && this.#mails.length > 1) this.#forget(this.#mails.shift());
  }

  find(id: string): MailMessage | undefined {
    const mail = this.#byId.get(id);
    return mail && read(mail);
  }

  /** @param start how many of the newest to leave out */
  page({
    start,
    limit,
    search,
  }: {
    start: number;
    limit: number;
    search?: MailSearch | undefined;
  }): MailPage {
    const items: MailMessage[] = [];
    let total = 0;
    let bytes = 0;
    let full = false;
    for (const mail of this.#mails.newestFirst()) {
      if (search !== undefined && !matches(read(mail), search)) continue;
      total += 1;
      if (total <= start || full) continue;
      bytes += mail.data.length;
      full = items.length === limit || (items.length > 0 && bytes > MAX_PAGE_BYTES);
      if (!full) items.push(read(mail));
    }
    return { total, items };
  }

  /** @returns false if there is none with this id */
  remove(id: string): boolean {
    const mail = this.#byId.get(id);
    if (mail === undefined) return false;
    this.#mails.remove(mail);
    this.#forget(mail);
    return true;
  }

  clear(): void {
    this.#mails.clear();
    this.#byId.clear();
    this.#bytes = 0;
  }

  #forget(mail: KeptMail | undefined): void {
    if (mail === undefined) return;
    this.#byId.delete(mail.id);
    this.#bytes -= mail.data.length;
  }
}

const read = ({ id, receivedAt, envelope, data }: KeptMail): MailMessage =>
  parseMail({ ...envelope, Data: data.toString() }, { id, receivedAt });

/** As MailHog searches: addresses of envelope and header; text as it was sent, not decoded. */
function matches({ From, To, Content }: MailMessage, { kind, query }: MailSearch): boolean {
  const wanted = query.toLowerCase();
  const has = (text: string) => text.toLowerCase().includes(wanted);
  const addressed = (path: MailPath) => has(`${path.Mailbox}@${path.Domain}`);
  switch (kind) {
    case 'from':
      return addressed(From) || has(headerOf(Content.Headers, 'From') ?? '');
    case 'to':
      return To.some(addressed) || has(headerOf(Content.Headers, 'To') ?? '');
    case 'containing':
      return has(Content.Body) || Object.values(Content.Headers).some((values) => values.some(has));
  }
}
