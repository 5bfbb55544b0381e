import type { Metadata } from 'next';
import { Payouts } from '../../payouts/payouts.tsx';

export const metadata: Metadata = { title: 'Payouts' };

export default function PayoutsPage() {
  return <Payouts />;
}
