import { ForWhom } from '../session/for-whom.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';

export function Compare() {
  return (
    <Page
      title="Compare"
      description="WebSocket, server-sent events and polling, side by side on your account."
    >
      <ForWhom kind="account" title="Three ways">
        <Panel title="Three ways" state={{ kind: 'empty', title: 'Nothing to compare yet' }} />
      </ForWhom>
    </Page>
  );
}
