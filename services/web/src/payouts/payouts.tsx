import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';

export function Payouts() {
  return (
    <Page title="Payouts" description="Pay many people at once, from a CSV file.">
      <ForWhom kind="account" title="Payouts">
        <Panel title="Payouts" state={{ kind: 'empty', title: 'No payouts yet' }} />
      </ForWhom>
    </Page>
  );
}
