export * from './deliveries-api.ts';
export * from './events.ts';
export * from './lane.ts';
export * from './money.ts';
export * from './phone-number.ts';
export * from './text.ts';
export * from './topology.ts';
export * from './transfers-api.ts';
