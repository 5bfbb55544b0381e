import { config } from '../../config.ts';
import { answerMetrics } from '../../metrics.ts';

export const dynamic = 'force-dynamic';

export const GET = (request: Request) => answerMetrics(request, config().metricsToken);
