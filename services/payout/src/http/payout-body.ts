import {
  checkLine,
  MAX_PAYOUT_JSON_ITEMS,
  PAYOUT_CSV_COLUMNS,
  PayoutItem,
  type PayoutLineError,
} from '@payfan/contracts';
import { CsvTooLarge, MAX_CSV_BYTES, readPayoutCsv, UnreadableCsv } from '@payfan/contracts/payout-csv';
import { Problem, type FieldError } from '@payfan/service';
import { z } from 'zod';
import { PayoutDraft } from '../payout-draft.ts';

/** A megabyte's worth of items that are read at once, and of the longest some four. */
export const JSON_LIMIT_BYTES = 8 * 1024 * 1024;
/** Items checked without letting others have their turn. */
const CHECKED_AT_ONCE = 200;

/**
 * Items are checked one by one, and not by the schema of the whole: some may be let pass without others, and ten
 * thousand at once would keep everybody waiting.
 */
export const PayoutBody = z
  .strictObject({
    items: z
      .array(z.unknown())
      .min(1, 'must hold at least one item')
      .max(MAX_PAYOUT_JSON_ITEMS, `must hold at most ${MAX_PAYOUT_JSON_ITEMS} items; send more as CSV`)
      .meta({ type: 'array', items: itemSchema() }),
  })
  .meta({ id: 'CreatePayout' });

/** What the schema of an item is to those who read the documentation. */
function itemSchema(): object {
  const {
    $schema: _dialect,
    id: _id,
    ...schema
  } = z.toJSONSchema(PayoutItem, { io: 'input' }) as Record<string, unknown>;
  return schema;
}

export const CSV_BODY =
  `Up to 100,000 lines in UTF-8, the first of the file being ${PAYOUT_CSV_COLUMNS.join()}. Fields are separated ` +
  'by commas and may be put in quotes; amounts are minor units.';

/** How a payout is checked. */
export type DraftOptions = ConstructorParameters<typeof PayoutDraft>[0];

/** Reads a payout as JSON. */
export async function draftOfItems(items: readonly unknown[], options: DraftOptions): Promise<PayoutDraft> {
  const draft = new PayoutDraft(options);
  for (const [index, item] of items.entries()) {
    draft.add(checkLine(index + 1, item));
    if (index % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await new Promise(setImmediate);
  }
  return draft;
}

/** Reads a payout as CSV, as it comes. Throws a Problem if nothing can be made of some line and the rest. */
export async function draftOfCsv(stream: AsyncIterable<Buffer>, options: DraftOptions): Promise<PayoutDraft> {
  const draft = new PayoutDraft(options);
  try {
    await readPayoutCsv(stream, (line) => draft.add(line));
    return draft;
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof UnreadableCsv) {
      draft.addUnreadable(error.line, error.reason);
      throw invalidLines(draft);
    }
    if (error instanceof CsvTooLarge) {
      throw new Problem({
        status: 413,
        code: 'payload_too_large',
        detail: `A CSV file may have at most ${MAX_CSV_BYTES / 1024 / 1024} MB.`,
      });
    }
    throw new Problem({
      status: 400,
      code: 'invalid_request',
      detail: 'The body broke off before its end.',
      cause: error,
    });
  }
}

/** The refusal of a payout for its lines: it describes the first mistakes, and lists every refused line by its number. */
export function invalidLines({ rejected, rejectedLines }: PayoutDraft): Problem {
  const { lines = 0, errorCount = 0, errors = [] } = rejected ?? {};
  const [first] = errors;
  const named = first === undefined ? 'There is no line to pay.' : `${sentence(first)}.`;
  const more =
    errorCount > 1
      ? ` ${errorCount} mistakes in ${lines} lines; \`errors\` names the first ${errors.length}.`
      : '';
  return new Problem({
    status: 400,
    code: 'invalid_request',
    detail: `${named}${more} This request stored nothing.`,
    errors: errors.map((error): FieldError => ({ in: 'body', ...error })),
    extensions: { errorCount, rejectedLines },
  });
}

const sentence = ({ line, path, message }: PayoutLineError): string =>
  `Line ${line}${path === '' ? '' : `, ${path}:`} ${message}`;
