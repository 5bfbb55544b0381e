import type { Metadata } from 'next';
import { config } from '../../config.ts';
import type { InboxKind } from '../../operations/inbox-panel.tsx';
import { Operations } from '../../operations/operations.tsx';

export const metadata: Metadata = { title: 'Operations' };

export default function OperationsPage() {
  const { mailUrl, smsUrl } = config();
  const inboxes: InboxKind[] = [];
  if (mailUrl !== undefined) inboxes.push('mail');
  if (smsUrl !== undefined) inboxes.push('sms');
  return <Operations inboxes={inboxes} />;
}
