import { ClientFrame, type LIVE_ERROR_CODES, type Reply } from '@payfan/contracts';
import { z } from 'zod';

type ErrorCode = (typeof LIVE_ERROR_CODES)[number];

/** Where what an account has now can be read, in `transaction`, if its log no longer reaches back. */
export const SNAPSHOT = '/v1/accounts/me/entries';

/** Worth trying again as it is. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['temporarily_unavailable']);

/** @param re the frame that it answers; null if that could not be read */
export function refusal(re: number | null, code: ErrorCode, detail: string): Reply {
  return { re, ok: false, error: { code, retryable: RETRYABLE.has(code), detail } };
}

const WithId = z.looseObject({ id: z.int().min(0) });

/** What a client says, or how to answer something that it may not say. */
export function readFrame(text: string): { frame: ClientFrame } | { refused: Reply } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { refused: refusal(null, 'invalid_frame', 'A frame is one JSON object.') };
  }
  const result = ClientFrame.safeParse(json);
  if (result.success) return { frame: result.data };
  const known = WithId.safeParse(json);
  return {
    refused: refusal(known.success ? known.data.id : null, 'invalid_frame', describe(result.error)),
  };
}

function describe({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'The frame is not one of the protocol.';
  const path = issue.path.join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
