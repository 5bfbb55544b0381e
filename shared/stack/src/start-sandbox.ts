import { freePort } from './ports.ts';
import {
  mailUrl,
  SANDBOX_ENTRY,
  sandboxEnvironment,
  sandboxReadyUrls,
  smsUrl,
  smtpUrl,
  webPushUrl,
  type SandboxPorts,
} from './sandbox.ts';
import { isPortTaken, startProgram } from './start-program.ts';

/** A mail server, an SMS gateway and a push service of a test's own, beside those of a Payfan. */
export interface Sandbox {
  readonly smtpUrl: string;
  /** The inbox over HTTP, with MailHog's API. */
  readonly mailApi: string;
  readonly smsUrl: string;
  /** The push service of browsers. */
  readonly webPushUrl: string;
  stop(): Promise<void>;
}

const PARTS = ['mail', 'sms', 'webpush'] as const;

/** Starts one on free ports, and resolves when it is ready. */
export async function startSandbox(): Promise<Sandbox> {
  for (let attempt = 1; ; attempt++) {
    const ports: SandboxPorts = {
      smtp: await freePort(),
      mail: await freePort(),
      sms: await freePort(),
      webpush: await freePort(),
    };
    try {
      const program = await startProgram({
        name: 'sandbox',
        entry: SANDBOX_ENTRY,
        env: { ...sandboxEnvironment(ports, PARTS), PORT: String(ports.sms) },
        readyUrls: sandboxReadyUrls(ports, PARTS),
      });
      return {
        smtpUrl: smtpUrl(ports),
        mailApi: mailUrl(ports),
        smsUrl: smsUrl(ports),
        webPushUrl: webPushUrl(ports),
        async stop() {
          await program.stop();
        },
      };
    } catch (error) {
      if (!isPortTaken(error) || attempt === 3) throw error;
    }
  }
}
