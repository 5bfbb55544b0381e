import { renderMetrics } from '../../metrics.ts';

export const dynamic = 'force-dynamic';

export const GET = renderMetrics;
