import { ConfigError } from './config.ts';
import { createHealth } from './health.ts';
import { createApi } from './http/api.ts';
import { httpServer } from './http/server.ts';
import { main, runParts } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import type { Part } from './lifecycle.ts';

/** A program for lifecycle.int.test.ts: three parts around nothing, of which the last does what FAULT says. */
const { FAULT, PORT, GRACE_MS = '10000' } = process.env;

const never = () => new Promise<void>(() => undefined);

main(async () => {
  if (FAULT === 'config') throw new ConfigError('FAULT must be something else.');
  if (FAULT === 'warns') process.emitWarning('before there is a logger');
  if (FAULT === 'unforeseen') throw new Error('nobody thought of this');
  const logger = createLogger({ service: 'fixture', level: 'info' });
  const health = createHealth({});
  const api = createApi({
    title: 'Fixture',
    description: '',
    version: '0',
    logger,
    health,
    metrics: createMetrics('fixture'),
  });

  const part = (name: string, faults: Record<string, () => Promise<void>> = {}): Part => ({
    name,
    start: () => {
      logger.info(`start ${name}`);
      return faults[`start-${FAULT}`]?.() ?? Promise.resolve();
    },
    stop: () => {
      logger.info(`stop ${name}`);
      return faults[`stop-${FAULT}`]?.() ?? Promise.resolve();
    },
  });
  const last = part('last', {
    'start-fails': () => Promise.reject(new Error('no luck')),
    'start-hangs': never,
    'stop-hangs-stopping': never,
    'stop-fails-stopping': () => Promise.reject(new Error('no luck')),
  });
  const parts = [part('first'), httpServer({ api, port: Number(PORT), logger }), last];
  await runParts({ logger, health, parts, graceMs: Number(GRACE_MS) });
  if (FAULT === 'warns') process.emitWarning('while it runs');
  if (FAULT === 'throws-later') setImmediate(() => void Promise.reject(new Error('nobody caught this')));
});
