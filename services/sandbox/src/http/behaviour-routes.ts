import type { Api } from '@payfan/service';
import type { z } from 'zod';
import type { Dial } from '../behaviour.ts';

interface BehaviourOptions<B> {
  readonly behaviour: Dial<B>;
  readonly schema: z.ZodType<B>;
  /** Completes "How the … behaves". */
  readonly what: string;
}

/** Asks how one half of the outside world behaves, and changes it. */
export function behaviourRoutes<B>(api: Api, { behaviour, schema, what }: BehaviourOptions<B>): void {
  const answer = { 200: { description: 'The behaviour from now on', schema } };
  api.route(
    {
      method: 'GET',
      path: '/behaviour',
      summary: `How the ${what} behaves`,
      auth: 'none',
      responses: answer,
    },
    () => ({ status: 200, body: behaviour.current }),
  );
  api.route(
    {
      method: 'PUT',
      path: '/behaviour',
      summary: `Make the ${what} misbehave`,
      description: 'Replaces the whole behaviour: what is left out is well behaved, so `{}` is the way back.',
      auth: 'none',
      body: schema,
      responses: answer,
    },
    ({ body }) => {
      behaviour.current = body;
      return { status: 200, body };
    },
  );
}
