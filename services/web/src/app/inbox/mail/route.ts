import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { capturedMail } from '../../../operations/captured.ts';
import { inboxAnswer } from '../../../operations/inbox-answer.ts';
import { sessionIn } from '../../../session/cookie.ts';
import { transactionAccess } from '../../../transaction-access.ts';

export async function GET({ headers, url }: Request): Promise<Response> {
  const { mailUrl } = config();
  const session = sessionIn(await cookies(), headers, url);
  const address = mailUrl !== undefined ? `${mailUrl}/api/v2/messages?limit=50` : undefined;
  return inboxAnswer(
    { headers, session, access: transactionAccess(headers) },
    { address, read: capturedMail },
  );
}
