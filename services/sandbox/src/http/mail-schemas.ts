import { z } from 'zod';
import { SEARCH_KINDS } from '../mailbox.ts';

const Path = z.object({
  Relays: z.null(),
  Mailbox: z.string(),
  Domain: z.string(),
  Params: z.string(),
});

const Headers = z.record(z.string(), z.array(z.string()));

/** Parts nest as deep as the mail has it; the description stops at one level. */
const Parts = z
  .object({
    Parts: z.array(z.object({ Headers, Body: z.string(), Size: z.int(), MIME: z.unknown() }).readonly()),
  })
  .nullable();

export const MailSchema = z
  .object({
    ID: z.string(),
    From: Path,
    To: z.array(Path).readonly(),
    Content: z.object({ Headers, Body: z.string(), Size: z.int(), MIME: Parts }),
    Created: z.iso.datetime(),
    MIME: Parts,
    Raw: z.object({
      From: z.string(),
      To: z.array(z.string()).readonly(),
      Data: z.string(),
      Helo: z.string(),
    }),
  })
  .meta({ id: 'Mail' });

export const MailPageSchema = z.object({
  total: z.int(),
  count: z.int(),
  start: z.int(),
  items: z.array(MailSchema),
});

/** As MailHog has it: what is no number is as good as nothing. */
function lenientInteger(options: { min: number; max: number; default: number }) {
  return z
    .string()
    .optional()
    .transform((text) => {
      const number = /^\d{1,15}$/.test(text ?? '') ? Number(text) : options.default;
      return number < options.min ? options.default : Math.min(number, options.max);
    });
}

const paging = {
  start: lenientInteger({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }),
  limit: lenientInteger({ min: 1, max: 250, default: 50 }),
};

/** Loose, as MailHog's clients add fields of their own against caches. */
export const PageQuery = z.looseObject(paging);

export const SearchQuery = z.looseObject({
  kind: z.enum(SEARCH_KINDS),
  query: z.string().min(1).max(1_000),
  ...paging,
});

export const MailParams = z.object({ id: z.string().max(200) });
