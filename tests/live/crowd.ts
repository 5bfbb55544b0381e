import { accountTopic } from '@payfan/contracts';
import { openAdminDatabase } from '@payfan/stack/testing';

/** Somebody with an account, and what they are reached by. */
export interface Member {
  key: string;
  phone: string;
  topic: string;
}

const TREASURY_ID = '00000000-0000-7000-8000-000000000001';
const OPENS_WITH_PAISE = 1_000_00;
const accountId = (n: number): string => `00000000-0000-7000-9000-${n.toString(16).padStart(12, '0')}`;
const openingId = (n: number): string => `00000000-0000-7000-9001-${n.toString(16).padStart(12, '0')}`;

/** So many people with accounts, beside those of the demo. */
export async function openCrowd(adminUrl: string, count: number): Promise<[Member, Member, ...Member[]]> {
  const database = openAdminDatabase({ url: adminUrl, name: 'crowd', max: 1 });
  try {
    const members: Member[] = [];
    for (let n = 1; n <= count; n += 1) {
      const [id, key, phone] = [accountId(n), `member_${n}`, `+91${8_000_000_000 + n}`];
      await database.query({
        text: 'select transaction.open_account($1, $2, $3, $4, $5, $6, $7, $8)',
        values: [
          ...[id, `Member ${n}`, phone, `member${n}@example.com`, 'free', TREASURY_ID, openingId(n)],
          OPENS_WITH_PAISE,
        ],
      });
      await database.query({
        text: `select transaction.issue_key(sha256($1::bytea), $2, 'crowd')`,
        values: [key, id],
      });
      members.push({ key, phone, topic: accountTopic(id) });
    }
    const [first, second, ...rest] = members;
    if (first === undefined || second === undefined) throw new Error('one alone is no crowd');
    return [first, second, ...rest];
  } finally {
    await database.stop();
  }
}
