import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { GatewaysPanel } from './gateways-panel.tsx';
import { InboxPanel, type InboxKind } from './inbox-panel.tsx';
import { LettersPanel } from './letters-panel.tsx';
import { PayoutsPanel } from './payouts-panel.tsx';
import { QueuesPanel } from './queues-panel.tsx';

/** `inboxes`: what an outside world of our own catches, where there is one. */
export function Operations({ inboxes }: { inboxes: readonly InboxKind[] }) {
  return (
    <Page title="Operations" description="What waits, what was given up, and who is connected.">
      <ForWhom kind="operator" title="Operations">
        <QueuesPanel />
        <LettersPanel />
        <PayoutsPanel />
        <GatewaysPanel />
        {inboxes.length > 0 && <InboxPanel kinds={inboxes} />}
      </ForWhom>
    </Page>
  );
}
