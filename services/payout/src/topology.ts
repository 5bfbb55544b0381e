import {
  liveTopology,
  mergeTopologies,
  paymentsTopology,
  payoutsTopology,
  type Topology,
} from '@payfan/contracts';

/** Everything that the programs here publish to or consume from. */
export const topologyOf = (channels: readonly string[]): Topology =>
  mergeTopologies([payoutsTopology, paymentsTopology(channels), liveTopology]);
