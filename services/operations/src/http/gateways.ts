import { GatewayDrain, GatewayList } from '@payfan/contracts';
import type { Api, Logger } from '@payfan/service';
import { z } from 'zod';
import { resolveByDns, type Resolve } from '../gateway-addresses.ts';
import { drainGateway, listGateways, type Gateways } from '../gateways.ts';
import { assertOperator } from './operator.ts';

export interface GatewayRoutesOptions {
  /** A host name of several addresses means several gateways. */
  gatewayUrls: readonly string[];
  logger: Logger;
  resolve?: Resolve;
}

/** The fleet of gateways. */
export function gatewayRoutes(
  api: Api,
  { gatewayUrls, logger, resolve = resolveByDns }: GatewayRoutesOptions,
): void {
  const gatewaysFor = (authorization = ''): Gateways => ({
    urls: gatewayUrls,
    authorization,
    resolve,
    logger,
  });
  api.route(
    {
      method: 'get',
      path: '/v1/gateways',
      summary: 'Every gateway: who is connected, and whether it stops',
      description:
        'Each is asked now. One that does not answer is listed under its address, with the reason as `error`.',
      auth: 'required',
      responses: { 200: { description: 'The gateways', schema: GatewayList } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal, request }) => {
      assertOperator(principal);
      return { status: 200, body: { data: await listGateways(gatewaysFor(request.headers.authorization)) } };
    },
  );
  api.route(
    {
      method: 'post',
      path: '/v1/gateways/{id}/drain',
      summary: 'Ends a gateway, once its clients have moved',
      description:
        'It tells each client a time of its own to move to another, and its process ends as on SIGTERM. ' +
        'Whoever supervises it starts it again, under another id. Repeating it changes nothing.',
      auth: 'required',
      params: z.strictObject({ id: z.string().max(100) }),
      responses: { 202: { description: 'It has begun', schema: GatewayDrain } },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 404, code: 'not_found' },
        { status: 503, code: 'temporarily_unavailable' },
      ],
    },
    async ({ principal, params, request }) => {
      assertOperator(principal);
      return { status: 202, body: await drainGateway(gatewaysFor(request.headers.authorization), params.id) };
    },
  );
}
