import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { capturedSms } from '../../../operations/captured.ts';
import { inboxAnswer } from '../../../operations/inbox-answer.ts';
import { sessionIn } from '../../../session/cookie.ts';

export async function GET({ headers, url }: Request): Promise<Response> {
  const { smsUrl, transactionUrl } = config();
  const session = sessionIn(await cookies(), headers, url);
  const address = smsUrl !== undefined ? `${smsUrl}/messages` : undefined;
  return inboxAnswer({ headers, session, transactionUrl }, { address, read: capturedSms });
}
