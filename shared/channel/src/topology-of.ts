import { channelTopology, mergeTopologies, type Topology } from '@payfan/contracts';
import type { ChannelDefinition } from './provider.ts';

/** All that a channel declares at the broker. */
export function topologyOf({
  name,
  topology,
}: Pick<ChannelDefinition<never>, 'name' | 'topology'>): Topology {
  return mergeTopologies([channelTopology(name), ...(topology === undefined ? [] : [topology])]);
}
