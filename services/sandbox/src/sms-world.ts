import { createApi, createMetrics, httpServer } from '@payfan/service';
import { AttemptLog } from './attempts.ts';
import { SmsBehaviour } from './behaviour.ts';
import { smsApi } from './http/sms-api.ts';
import { smsPages } from './http/sms-pages.ts';
import { createSmsGateway } from './sms-gateway.ts';
import { SmsStore } from './sms-store.ts';
import { createWaits } from './waits.ts';
import type { HttpServer, Part } from '@payfan/service';
import type { Dial } from './behaviour.ts';
import type { WorldOptions } from './world.ts';

export interface SmsWorld {
  readonly http: HttpServer;
  /** In the order of starting. */
  readonly parts: readonly Part[];
}

/** The SMS gateway and the phones behind it, wired but not started. */
export function smsWorld({ httpPort, ...options }: WorldOptions & { httpPort: number }): SmsWorld {
  const { http: settings = {}, logger, health, now, random, newId } = options;
  const store = new SmsStore({ now, newId: () => `sms_${newId()}` });
  const attempts = new AttemptLog({ now });
  const behaviour: Dial<SmsBehaviour> = { current: SmsBehaviour.parse({}) };
  const gateway = createSmsGateway({ store, attempts, behaviour, random });
  const waits = createWaits();

  const api = createApi({
    title: 'Payfan sandbox: SMS',
    description: 'A stand-in for an SMS gateway. Reaches no phone.',
    version: '0.1.0',
    http: settings,
    logger,
    health,
    metrics: createMetrics('sandbox-sms'),
  });
  smsApi(api, { store, gateway, attempts, behaviour, waits });
  smsPages(api.app, { store, attempts });

  const http = httpServer({ api, http: settings, port: httpPort, portVariable: 'SMS_PORT', logger });
  return { http, parts: [http, waits] };
}
