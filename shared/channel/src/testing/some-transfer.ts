import { randomUUID } from 'node:crypto';
import type { Lane, Party, TransferCompleted } from '@payfan/contracts';
import { newTraceparent } from '@payfan/service';

interface Whims {
  lane?: Lane;
  amount?: number;
  note?: string;
  payoutId?: string;
  payerName?: string;
  payeeName?: string;
}

/** A transfer between two people whom nobody has seen before. */
export function someTransfer(whims: Whims = {}): TransferCompleted {
  const { lane = 'interactive', amount = 10_000, note = '', payoutId, payerName, payeeName } = whims;
  const transferId = randomUUID();
  const createdAt = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/payfan/contract',
    type: 'payfan.transfer.completed.v1',
    subject: transferId,
    time: createdAt,
    datacontenttype: 'application/json',
    traceparent: newTraceparent(),
    correlationid: randomUUID(),
    lane,
    data: {
      transferId,
      amount,
      currency: 'INR',
      note,
      createdAt,
      payoutId,
      payer: someParty(payerName ?? 'Asha Rao'),
      payee: someParty(payeeName ?? 'Ravi Kumar'),
    },
  };
}

/** Somebody whom nobody has seen before. */
export function someParty(name: string): Party {
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
  return {
    accountId: randomUUID(),
    name,
    phone: `+9198${digits}`,
    email: `person-${randomUUID()}@example.com`,
    language: 'en',
  };
}
