import type { ChannelDefinition, Provider } from '@payfan/channel';
import { composeSms, type Sms } from './sms.ts';

/** Alerts by SMS, through whatever provider it is given. */
export function phoneChannel(openProvider: () => Provider<Sms>): ChannelDefinition<Sms> {
  return {
    name: 'phone',
    address: ({ party }) => party.phone,
    compose: composeSms,
    openProvider,
  };
}
