import { startTcpProxy, type TcpProxy } from '@payfan/messaging/testing';
import { startPayfan, testInfrastructure, type Payfan, type PayfanOptions } from '@payfan/stack/testing';

/** `transaction to postgres`: the wire between a service and a server. */
export type WireName = `${string} to ${'postgres' | 'rabbitmq'}`;

/**
 * A channel's setting where a case waits for attempts to time out: less than usual, and longer than a machine stands
 * still. Else mails that were taken would time out and be sent again, and a Retry-After would not be heard.
 */
export const PATIENCE = { SEND_TIMEOUT_MS: '8000' };

/** Payfan with some of its wires in the hands of a test. */
export interface World<Name extends WireName> {
  payfan: Payfan;
  wires: Record<Name, TcpProxy>;
  stop(): Promise<void>;
}

/** Starts Payfan, the named wires by way of proxies. */
export async function openWorld<Name extends WireName>(
  names: readonly Name[],
  options: PayfanOptions = {},
): Promise<World<Name>> {
  const { adminUrl, amqpUrl } = options.servers ?? (await testInfrastructure());
  const wires = new Map<string, TcpProxy>();
  for (const name of names) {
    wires.set(name, await startTcpProxy(name.endsWith('postgres') ? adminUrl : amqpUrl));
  }
  const payfan = await startPayfan({
    ...options,
    surroundings(service, given) {
      const around = options.surroundings?.(service, given) ?? given;
      const toPostgres = wires.get(`${service} to postgres`);
      const toRabbitmq = wires.get(`${service} to rabbitmq`);
      return {
        ...around,
        databaseUrl: (role) => toPostgres?.through(around.databaseUrl(role)) ?? around.databaseUrl(role),
        amqpUrl: (user) => toRabbitmq?.through(around.amqpUrl(user)) ?? around.amqpUrl(user),
      };
    },
  });
  return {
    payfan,
    wires: Object.fromEntries(wires) as Record<Name, TcpProxy>,
    async stop() {
      for (const wire of wires.values()) await wire.forward();
      await payfan.stop();
      for (const wire of wires.values()) await wire.stop();
    },
  };
}
