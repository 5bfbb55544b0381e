import { freePort } from './ports.ts';
import {
  mailUrl,
  SANDBOX_ENTRY,
  sandboxEnvironment,
  sandboxReadyUrls,
  smsUrl,
  smtpUrl,
  type SandboxPorts,
} from './sandbox.ts';
import { isPortTaken, startProgram } from './start-program.ts';

/** A mail server and an SMS gateway of a test's own, beside those of a Payfan. */
export interface Sandbox {
  readonly smtpUrl: string;
  /** The inbox over HTTP, with MailHog's API. */
  readonly mailApi: string;
  readonly smsUrl: string;
  stop(): Promise<void>;
}

const PARTS = ['mail', 'sms'] as const;

/** Starts one on free ports, and resolves when it is ready. */
export async function startSandbox(): Promise<Sandbox> {
  for (let attempt = 1; ; attempt++) {
    const ports: SandboxPorts = { smtp: await freePort(), mail: await freePort(), sms: await freePort() };
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
        async stop() {
          await program.stop();
        },
      };
    } catch (error) {
      if (!isPortTaken(error) || attempt === 3) throw error;
    }
  }
}
