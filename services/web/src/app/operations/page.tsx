import type { Metadata } from 'next';
import { config } from '../../config.ts';
import { Operations } from '../../operations/operations.tsx';

export const metadata: Metadata = { title: 'Operations' };

export default function OperationsPage() {
  return <Operations inbox={config().demo} />;
}
