import { createApi, createMetrics, httpServer } from '@payfan/service';
import type { HttpServer, Part } from '@payfan/service';
import { AttemptLog } from './attempts.ts';
import { PushBehaviour } from './behaviour.ts';
import type { Dial } from './behaviour.ts';
import { pushServiceApi } from './http/push-service-api.ts';
import { createPushService } from './push-service.ts';
import { PushStore } from './push-store.ts';
import { createWaits } from './waits.ts';
import type { WorldOptions } from './world.ts';

export interface PushWorld {
  readonly http: HttpServer;
  /** In the order of starting. */
  readonly parts: readonly Part[];
}

export interface PushWorldOptions extends WorldOptions {
  readonly httpPort: number;
  /** What endpoints begin with, where senders reach us by another address than this machine's own. */
  readonly url?: string | undefined;
}

/** The push service of browsers, and the browsers behind it, wired but not started. */
export function pushWorld({ httpPort, url, ...options }: PushWorldOptions): PushWorld {
  const { http: settings = {}, logger, health, now, random, newId } = options;
  const store = new PushStore({ now, newId });
  const attempts = new AttemptLog({ now });
  const behaviour: Dial<PushBehaviour> = { current: PushBehaviour.parse({}) };
  const origin = () => (url === undefined ? `http://127.0.0.1:${http.port}` : new URL(url).origin);
  const service = createPushService({ store, attempts, behaviour, origin, now, random });
  const waits = createWaits();

  const api = createApi({
    title: 'Payfan sandbox: Web Push',
    description: 'A stand-in for the push services of browsers, and for the browsers.',
    version: '0.1.0',
    http: settings,
    logger,
    health,
    metrics: createMetrics('sandbox-web-push'),
  });
  pushServiceApi(api, { store, service, attempts, behaviour, waits, origin });

  const http = httpServer({ api, http: settings, port: httpPort, portVariable: 'WEB_PUSH_PORT', logger });
  return { http, parts: [http, waits] };
}
