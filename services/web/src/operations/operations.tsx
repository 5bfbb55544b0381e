import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';

export function Operations() {
  return (
    <Page title="Operations" description="What waits, what was given up, and who is connected.">
      <ForWhom kind="operator" title="Queues">
        <Panel title="Queues" state={{ kind: 'empty', title: 'Nothing waits' }} />
      </ForWhom>
    </Page>
  );
}
