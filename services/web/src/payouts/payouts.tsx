'use client';

import { useState } from 'react';
import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { usePayouts } from '../api/use-payout.ts';
import { PayoutDetail } from './payout-detail.tsx';
import { PayoutList } from './payout-list.tsx';
import { Upload } from './upload.tsx';

export function Payouts() {
  return (
    <Page title="Payouts" description="Pay many people at once, from a CSV file.">
      <ForWhom kind="account" title="Payouts">
        <Content />
      </ForWhom>
    </Page>
  );
}

function Content() {
  const list = usePayouts();
  const [chosen, choose] = useState<string>();
  const newest = list.data?.pages[0]?.data[0]?.id;
  const shown = chosen ?? newest;
  const sent = (id: string) => {
    choose(id);
    void list.refetch();
  };
  return (
    <>
      <Upload onSent={sent} />
      {shown !== undefined && <PayoutDetail key={shown} id={shown} />}
      <PayoutList list={list} shown={shown} onChoose={choose} />
    </>
  );
}
