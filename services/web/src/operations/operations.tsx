import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { GatewaysPanel } from './gateways-panel.tsx';
import { InboxPanel } from './inbox-panel.tsx';
import { LettersPanel } from './letters-panel.tsx';
import { QueuesPanel } from './queues-panel.tsx';

/** `inbox`: there is an outside world that catches what is sent. */
export function Operations({ inbox }: { inbox: boolean }) {
  return (
    <Page title="Operations" description="What waits, what was given up, and who is connected.">
      <ForWhom kind="operator" title="Operations">
        <QueuesPanel />
        <LettersPanel />
        <GatewaysPanel />
        {inbox && <InboxPanel />}
      </ForWhom>
    </Page>
  );
}
