import { GatewayDrain, GatewayStatus, type Gateway } from '@payfan/contracts';
import { Problem, type Logger } from '@payfan/service';
import { z } from 'zod';
import { fetchAs } from './fetch-as.ts';
import { addressesOf, type GatewayAddress, type Resolve } from './gateway-addresses.ts';
import { apiAt, RemoteFailed, type RemoteApi } from './remote-api.ts';

/** The gateways as one caller reaches them. */
export interface Gateways {
  /** A host name may stand for several. */
  urls: readonly string[];
  authorization: string;
  resolve: Resolve;
  logger: Logger;
}

const DRAIN_TIMEOUT_MS = 3_000;

/** Asks every gateway how it is. One that does not answer is listed with the reason. */
export async function listGateways(gateways: Gateways): Promise<Gateway[]> {
  return (await findGateways(gateways)).map(({ gateway }) => gateway);
}

interface Found {
  readonly gateway: Gateway;
  readonly at: GatewayAddress;
}

async function findGateways(gateways: Gateways): Promise<Found[]> {
  const { urls, resolve } = gateways;
  const found = await Promise.all(
    urls.map(async (url) => {
      try {
        const addresses = await addressesOf(url, resolve);
        return await Promise.all(addresses.map(async (at) => ({ at, gateway: await askOne(gateways, at) })));
      } catch (error) {
        if (error instanceof Problem) throw error;
        const { origin } = new URL(url);
        return [{ at: { origin, serverName: undefined }, gateway: silentOne(gateways, origin, error) }];
      }
    }),
  );
  // Two addresses may lead to the same one.
  return [...new Map(found.flat().map((one) => [one.gateway.id, one])).values()];
}

/**
 * Has a gateway move its clients and end. Rejects with a 404 problem if none that answers has this id, 503 if
 * that one does not answer.
 */
export async function drainGateway(gateways: Gateways, id: string): Promise<GatewayDrain> {
  const found = (await findGateways(gateways)).find(({ gateway }) => gateway.id === id);
  if (found === undefined) throw noGateway(id);
  const { gateway, at } = found;
  if (gateway.error !== null) throw doesNotAnswer(id, new Error(gateway.error));
  try {
    return await gatewayApi(gateways, at).post(`/v1/gateway/${encodeURIComponent(id)}/drain`, GatewayDrain, {
      body: {},
      timeoutMs: DRAIN_TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof RemoteFailed && error.status === 404) throw noGateway(id);
    throw doesNotAnswer(id, error);
  }
}

function gatewayApi({ authorization }: Gateways, { origin, serverName }: GatewayAddress): RemoteApi {
  return apiAt('gateway', origin, authorization, serverName === undefined ? undefined : fetchAs(serverName));
}

async function askOne(gateways: Gateways, at: GatewayAddress): Promise<Gateway> {
  try {
    const status = await gatewayApi(gateways, at).get('/v1/gateway', GatewayStatus);
    return { ...status, address: at.origin, error: null };
  } catch (error) {
    if (error instanceof Problem) throw error;
    return silentOne(gateways, at.origin, error);
  }
}

function silentOne({ logger }: Gateways, address: string, error: unknown): Gateway {
  logger.warn({ gateway: address, err: error }, 'gateway does not answer as it should');
  const nothing = { connections: null, topics: null, draining: null, uptimeSeconds: null };
  return { id: address, address, ...nothing, error: reasonOf(error) };
}

/** What errors of Node have in common. Why fetch failed is the cause of its error. */
const Failure = z.object({
  name: z.string(),
  code: z.string().optional().catch(undefined),
  cause: z.object({ code: z.string() }).optional().catch(undefined),
});

function reasonOf(error: unknown): string {
  if (error instanceof RemoteFailed) return `It answered ${error.status}.`;
  const { name, code, cause } = Failure.catch({ name: '' }).parse(error);
  if (error instanceof z.ZodError || name === 'SyntaxError') return 'It answered as no gateway does.';
  if (name === 'TimeoutError') return 'It does not answer in time.';
  const why = code ?? cause?.code;
  return why === undefined ? 'It cannot be reached.' : `It cannot be reached (${why}).`;
}

function noGateway(id: string): Problem {
  return new Problem({
    status: 404,
    code: 'not_found',
    detail: `No gateway that answers now has the id ${id}.`,
  });
}

function doesNotAnswer(id: string, cause: unknown): Problem {
  return new Problem({
    status: 503,
    code: 'temporarily_unavailable',
    detail: `The gateway ${id} does not answer as it should at the moment.`,
    retryAfterSeconds: 2,
    cause,
  });
}
