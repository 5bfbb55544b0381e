import { createApi, createMetrics, httpServer } from '@payfan/service';
import { AttemptLog } from './attempts.ts';
import { MailBehaviour } from './behaviour.ts';
import { mailApi } from './http/mail-api.ts';
import { mailPages } from './http/mail-pages.ts';
import { createMailIntake } from './mail-intake.ts';
import { Mailbox } from './mailbox.ts';
import { smtpInbox } from './smtp-inbox.ts';
import { createWaits } from './waits.ts';
import type { HttpServer, Part } from '@payfan/service';
import type { Dial } from './behaviour.ts';
import type { SmtpInbox } from './smtp-inbox.ts';
import type { WorldOptions } from './world.ts';

export interface MailWorld {
  readonly smtp: SmtpInbox;
  readonly http: HttpServer;
  /** In the order of starting. */
  readonly parts: readonly Part[];
}

/** The mail server and its inbox, wired but not started. */
export function mailWorld({
  smtpPort,
  httpPort,
  ...options
}: WorldOptions & { smtpPort: number; httpPort: number }): MailWorld {
  const { http: settings = {}, logger, health, now, random, newId } = options;
  const mailbox = new Mailbox();
  const attempts = new AttemptLog({ now });
  const behaviour: Dial<MailBehaviour> = { current: MailBehaviour.parse({}) };
  const waits = createWaits();
  const intake = createMailIntake({
    mailbox,
    attempts,
    behaviour,
    now,
    random,
    newId: () => `${newId()}@sandbox.payfan`,
  });

  const api = createApi({
    title: 'Payfan sandbox: mail',
    description: "An inbox for all mail that Payfan sends, with MailHog's API. Delivers to nobody.",
    version: '0.1.0',
    http: settings,
    logger,
    health,
    metrics: createMetrics('sandbox-mail'),
  });
  mailApi(api, { mailbox, attempts, behaviour });
  mailPages(api.app, mailbox);

  const smtp = smtpInbox({ port: smtpPort, http: settings, intake, behaviour, waits, logger });
  const http = httpServer({ api, http: settings, port: httpPort, portVariable: 'MAIL_PORT', logger });
  // Probes ask over HTTP: whoever is told that we are ready may send mail.
  return { smtp, http, parts: [smtp, http, waits] };
}
