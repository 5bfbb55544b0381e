'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiClient } from '../api/api-provider.tsx';
import { newIdempotencyKey } from '../api/new-idempotency-key.ts';
import { sendTransfer, transactionKeys } from '../api/transaction.ts';
import { useAccount } from '../api/use-transaction.ts';
import { DEMO_PEOPLE } from '../session/demo-people.ts';
import { Button } from '../ui/button.tsx';
import { useFailureToast } from '../ui/failure-toast.tsx';

const ONE_RUPEE = 100;

/** Makes events where there are demo people: sends them a rupee in turn, once or a few times after each other. */
export function SendTransfer() {
  const api = useApiClient('transaction');
  const queries = useQueryClient();
  const tellFailure = useFailureToast();
  const phone = useAccount().data?.phone;
  const [sending, setSending] = useState<number>();
  const payees = DEMO_PEOPLE.flatMap((person) =>
    person.phone === undefined || person.phone === phone ? [] : [person.phone],
  );

  const send = async (times: number) => {
    setSending(times);
    try {
      for (let time = 0; time < times; time += 1) {
        // In turn, because transfers to one payee are limited.
        const to = payees[time % payees.length];
        if (to === undefined) return;
        const transfer = {
          to,
          amount: ONE_RUPEE,
          currency: 'INR',
          note: 'Comparing transports',
        } as const;
        await sendTransfer(api, transfer, newIdempotencyKey());
      }
    } catch (error) {
      tellFailure('Not sent', error);
    } finally {
      setSending(undefined);
      void queries.invalidateQueries({ queryKey: transactionKeys.all });
    }
  };
  const isWaiting = phone === undefined || sending !== undefined;
  return (
    <div className="flex flex-wrap gap-2">
      <Button disabled={isWaiting} busy={sending === 10} onClick={() => void send(10)}>
        Send ten
      </Button>
      <Button
        look="primary"
        icon="arrowUpRight"
        disabled={isWaiting}
        busy={sending === 1}
        onClick={() => void send(1)}
      >
        Send a transfer of ₹1
      </Button>
    </div>
  );
}
