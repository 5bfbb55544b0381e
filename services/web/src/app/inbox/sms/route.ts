import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { capturedSms } from '../../../operations/captured.ts';
import { inboxAnswer } from '../../../operations/inbox-answer.ts';
import { SESSION_COOKIE } from '../../../session/cookie.ts';

export async function GET({ headers }: Request): Promise<Response> {
  const { smsUrl, transactionUrl } = config();
  const key = (await cookies()).get(SESSION_COOKIE)?.value;
  const address = smsUrl !== undefined ? `${smsUrl}/messages` : undefined;
  return inboxAnswer({ headers, key, transactionUrl }, { address, read: capturedSms });
}
