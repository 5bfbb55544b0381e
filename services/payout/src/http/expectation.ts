import { Problem } from '@payfan/service';
import { z } from 'zod';
import type { PayoutLines } from '../payout.ts';

const FORM = /^total=([1-9]\d{0,15}),[ \t]*amount=([1-9]\d{0,15})$/;

/** `Payfan-Expect`: what the sender of a payout was shown and confirmed. */
export const ExpectHeader = z
  .string()
  .transform((text, context) => {
    const [total = NaN, amount = NaN] = FORM.exec(text)?.slice(1).map(Number) ?? [];
    if (Number.isSafeInteger(total) && Number.isSafeInteger(amount)) return { total, amount };
    context.addIssue({
      code: 'custom',
      message: 'must be total=<lines>, amount=<minor units>, both whole numbers above zero',
    });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    description:
      'What the sender was shown: how many lines are paid, and the sum of their amounts in minor units. If the ' +
      'request pays anything else, the answer is 409 `payout_differs` and nothing is paid.',
    example: 'total=3, amount=35100',
  });
type Expectation = z.output<typeof ExpectHeader>;

/** The refusal of a payout that is not what its sender confirmed; undefined if it is, or nothing was confirmed. */
export function differenceFrom(
  expected: Expectation | undefined,
  { total, amount }: Pick<PayoutLines, 'total' | 'amount'>,
): Problem | undefined {
  if (expected === undefined || (expected.total === total && expected.amount === amount)) return undefined;
  return new Problem({
    status: 409,
    code: 'payout_differs',
    detail:
      `This request pays ${amount} in ${total} lines, but its sender was shown ${expected.amount} in ` +
      `${expected.total} lines (minor units). Nothing is paid, and this request stored nothing.`,
    extensions: { total, amount },
  });
}
