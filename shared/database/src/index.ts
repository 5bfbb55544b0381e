export * from './database.ts';
export * from './demo-listener.ts';
export * from './gather.ts';
export * from './migrate.ts';
export * from './presence.ts';
export * from './retention.ts';
export * from './retention-metrics.ts';
