import type { Metadata } from 'next';
import { Compare } from '../../compare/compare.tsx';
import { config } from '../../config.ts';

export const metadata: Metadata = { title: 'Compare' };

export default function ComparePage() {
  return <Compare demo={config().demo} />;
}
