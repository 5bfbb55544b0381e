import { moneyParts } from '../format/money.ts';
import { cx } from './cx.ts';

interface MoneyProps {
  /** Minor units (paise). */
  minor: number;
  /** Says that something came: `+₹100.00`. */
  change?: boolean;
  className?: string;
}

/** An amount, its paise lighter than its rupees. */
export function Money({ minor, change = false, className }: MoneyProps) {
  const { sign, rupees, paise } = moneyParts(minor);
  return (
    <span className={cx('whitespace-nowrap tabular-nums', className)}>
      {change && minor > 0 ? '+' : sign}₹{rupees}
      <span className="font-normal">.{paise}</span>
    </span>
  );
}
