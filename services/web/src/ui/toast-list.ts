/** What is told in the corner; `Detail` is whatever a page can show. */
export interface Toast<Detail> {
  title: string;
  detail?: Detail;
  /** `failure` is read out at once, and stays until it is closed. */
  kind?: 'success' | 'info' | 'failure';
}

export interface Shown<Detail> extends Toast<Detail> {
  id: number;
  /** It stands for so many that there was no room for. */
  standsFor?: number;
}

/** Of each sort; more would cover the page. */
const MOST = 3;

const isFailure = ({ kind }: Toast<unknown>): boolean => kind === 'failure';

/**
 * What is shown when one more is told. Of failures the newest stay. What is told while others of its sort fill the
 * corner is counted in one more line, `and 7 more`, until that goes.
 */
export function withToast<Detail>(
  shown: readonly Shown<Detail>[],
  toast: Toast<Detail>,
  id: number,
): readonly Shown<Detail>[] {
  const failures = shown.filter(isFailure);
  const others = shown.filter((one) => !isFailure(one));
  if (isFailure(toast)) return [...others, ...[...failures, { ...toast, id }].slice(-MOST)];
  const rest = others.find(({ standsFor }) => standsFor !== undefined);
  if (rest === undefined && others.length < MOST) return [...shown, { ...toast, id }];
  const standsFor = (rest?.standsFor ?? 0) + 1;
  const counted: Shown<Detail> = {
    title: `and ${standsFor} more`,
    kind: 'info',
    id: rest?.id ?? id,
    standsFor,
  };
  return [...shown.filter((one) => one !== rest), counted];
}
