import type { Metadata } from 'next';
import { Compare } from '../../compare/compare.tsx';

export const metadata: Metadata = { title: 'Compare' };

export default function ComparePage() {
  return <Compare />;
}
