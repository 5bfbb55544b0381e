import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { capturedSms } from '../../../operations/captured.ts';
import { inboxAnswer } from '../../../operations/inbox-answer.ts';
import { sessionIn } from '../../../session/cookie.ts';
import { transactionAccess } from '../../../transaction-access.ts';

export async function GET({ headers, url }: Request): Promise<Response> {
  const { smsUrl } = config();
  const session = sessionIn(await cookies(), headers, url);
  const address = smsUrl !== undefined ? `${smsUrl}/messages` : undefined;
  return inboxAnswer(
    { headers, session, access: transactionAccess(headers) },
    { address, read: capturedSms },
  );
}
