import type { BenchOptions, Figure } from './figure.ts';
import { drops } from './gateway-drops.ts';
import { fanOut } from './gateway-fan-out.ts';
import { idleMemory } from './gateway-idle.ts';
import { withGatewayStage } from './gateway-stage.ts';
import { ways } from './gateway-ways.ts';

/** The live gateway: what an event costs, what a connection weighs, what a bad network loses, and its rivals. */
export function gateway(options: BenchOptions): Promise<Figure[]> {
  return withGatewayStage(async (stage) => [
    ...(await fanOut(stage, options)),
    ...(await idleMemory(stage, options)),
    ...(await drops(stage, options)),
    ...(await ways(stage, options)),
  ]);
}
