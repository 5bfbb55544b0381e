import {
  startPayfan,
  type Payfan,
  type PayfanOptions,
  startTcpProxy,
  type TcpProxy,
} from '@payfan/stack/testing';

/** What a test allows for each promise of a time, because the machine that runs it may be so much slower and busy. */
export const SLOWNESS = 5;

/** `transaction to postgres`: the wire between a service and a server, or another service. */
export type WireName = `${string} to ${string}`;

/**
 * A channel's setting where a case waits for attempts to time out: less than usual, and longer than a machine stands
 * still. Else mails that were taken would time out and be sent again, and a Retry-After would not be heard.
 */
export const PATIENCE = { SEND_TIMEOUT_MS: '8000' };

/**
 * Every other case: an attempt that a slow machine makes last must not time out, since a mail that was taken would then
 * arrive twice.
 */
const NO_TIMEOUT = { SEND_TIMEOUT_MS: '30000' };

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
  const wires = new Map<string, TcpProxy>();
  /** Where each wire leads, known when the services start. */
  const targets = new Map<string, string>();
  for (const name of names) wires.set(name, await startTcpProxy(() => targets.get(name) ?? ''));
  const payfan = await startPayfan({
    ...options,
    environment: { phone: NO_TIMEOUT, email: NO_TIMEOUT, ...options.environment },
    surroundings(service, given) {
      const around = options.surroundings?.(service, given) ?? given;
      const through = (target: string, url: string) => {
        const name = `${service} to ${target}`;
        targets.set(name, url);
        return wires.get(name)?.through(url) ?? url;
      };
      return {
        ...around,
        databaseUrl: (role) => through('postgres', around.databaseUrl(role)),
        amqpUrl: (user) => through('rabbitmq', around.amqpUrl(user)),
        managementUrl: through('management', around.managementUrl),
        serviceUrl: (name) => through(name, around.serviceUrl(name)),
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
