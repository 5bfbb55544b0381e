import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { capturedMail } from '../../../operations/captured.ts';
import { inboxAnswer } from '../../../operations/inbox-answer.ts';
import { SESSION_COOKIE } from '../../../session/cookie.ts';

export async function GET({ headers }: Request): Promise<Response> {
  const { mailUrl, transactionUrl } = config();
  const key = (await cookies()).get(SESSION_COOKIE)?.value;
  const address = mailUrl !== undefined ? `${mailUrl}/api/v2/messages?limit=50` : undefined;
  return inboxAnswer({ headers, key, transactionUrl }, { address, read: capturedMail });
}
