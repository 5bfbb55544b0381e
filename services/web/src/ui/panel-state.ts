import type { ReactNode } from 'react';
import { type ApiError, asApiError } from '../api/api-error.ts';
import type { Instant } from '../format/time.ts';

/** What a panel shows in place of its content, or above it. */
export type PanelState =
  | { kind: 'loading' }
  /** `hint` names the next step. */
  | { kind: 'empty'; title: string; hint?: ReactNode; action?: ReactNode }
  | { kind: 'error'; error: ApiError; retry?: (() => void) | undefined }
  /** What is shown may be out of date. */
  | { kind: 'stale'; asOf: Instant; error?: ApiError | undefined; retry?: (() => void) | undefined }
  | { kind: 'ready' };

/** What a query of TanStack tells, as far as a panel cares. */
interface Query<Data> {
  data: Data | undefined;
  error: unknown;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

interface Empty<Data> {
  when: (data: Data) => boolean;
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
}

/**
 * The state that follows from a query: loading until there is something; an error if there never was; stale if
 * there was and the last attempt failed.
 */
export function panelStateOf<Data>(query: Query<Data>, empty?: Empty<Data>): PanelState {
  const { data, error, dataUpdatedAt, refetch } = query;
  const retry = () => void refetch();
  if (data === undefined) {
    return error === null ? { kind: 'loading' } : { kind: 'error', error: asApiError(error), retry };
  }
  if (error !== null) return { kind: 'stale', asOf: dataUpdatedAt, error: asApiError(error), retry };
  if (empty?.when(data) === true) {
    const { title, hint, action } = empty;
    return { kind: 'empty', title, hint, action };
  }
  return { kind: 'ready' };
}
