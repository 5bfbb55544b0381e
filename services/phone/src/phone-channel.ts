import type { ChannelDefinition, Provider } from '@payfan/channel';
import { composeSms, type Sms } from './sms.ts';

/** Alerts by SMS, through whatever providers it is given, in their order. */
export function phoneChannel(openProviders: () => Provider<Sms>[]): ChannelDefinition<Sms> {
  return {
    name: 'phone',
    address: ({ party }) => party.phone,
    compose: composeSms,
    openProviders,
  };
}
