import { GatewayDrain, GatewayStatus } from '@payfan/contracts';
import { Problem, type Api, type Health, type Principal } from '@payfan/service';
import { z } from 'zod';
import type { Connections } from '../connections.ts';
import type { TopicHub } from '../topic-hub.ts';

export interface OperatingRoutesOptions {
  /** Of this process, and of no other. */
  readonly id: string;
  readonly connections: Pick<Connections, 'counts'>;
  readonly hub: Pick<TopicHub, 'counts'>;
  readonly health: Pick<Health, 'draining'>;
  readonly uptimeSeconds: () => number;
  /** Begins to end the process, as SIGTERM does. May be called again. */
  readonly drain: () => void;
}

const FORBIDDEN = { status: 403, code: 'forbidden' };

/** For those who run the gateways: how this one is, and its end. */
export function operatingRoutes(
  api: Api,
  { id, connections, hub, health, uptimeSeconds, drain }: OperatingRoutesOptions,
): void {
  api.route(
    {
      method: 'get',
      path: '/v1/gateway',
      summary: 'This gateway: who is connected, and whether it stops',
      description: 'For operators. Operations asks every gateway on behalf of an operator.',
      auth: 'required',
      responses: { 200: { description: 'As it is now', schema: GatewayStatus } },
      problems: [FORBIDDEN],
    },
    ({ principal }) => {
      assertOperator(principal);
      const { websocket, stream, poll } = connections.counts;
      const { log, plain, pattern } = hub.counts;
      const body = {
        id,
        connections: { websocket, sse: stream, polling: poll },
        topics: log + plain + pattern,
        draining: health.draining,
        uptimeSeconds: Math.floor(uptimeSeconds()),
      };
      return { status: 200, body };
    },
  );
  api.route(
    {
      method: 'post',
      path: '/v1/gateway/{id}/drain',
      summary: 'Ends this gateway, once its clients have moved',
      description:
        'As SIGTERM does: it takes nobody new, tells each client a time of its own to move within ' +
        '`DRAIN_WINDOW_MS`, and its process ends. Whoever supervises it starts it again, under another id. ' +
        'Repeating it changes nothing. For operators.',
      auth: 'required',
      params: z.strictObject({ id: z.string().max(100) }),
      responses: { 202: { description: 'It has begun', schema: GatewayDrain } },
      problems: [
        FORBIDDEN,
        { status: 404, code: 'not_found', description: 'Another gateway answers here, or by now' },
      ],
    },
    ({ principal, params }) => {
      assertOperator(principal);
      if (params.id !== id) {
        throw new Problem({ status: 404, code: 'not_found', detail: `This gateway is ${id}.` });
      }
      drain();
      return { status: 202, body: { id, draining: true as const } };
    },
  );
}

function assertOperator(principal: Principal): void {
  if (principal.kind === 'operator') return;
  throw new Problem({ status: 403, code: 'forbidden', detail: 'This is for operators only.' });
}
