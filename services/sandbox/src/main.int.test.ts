import { createServer } from 'node:net';
import { freePort, startProgram } from '@payfan/stack/testing';
import type { AddressInfo } from 'node:net';

const ENTRY = 'services/sandbox/dist/main.js';

test('plays the parts of its configuration, and ends when it is asked to', async () => {
  const [mailPort, smtpPort, smsPort] = [await freePort(), await freePort(), await freePort()];
  const webPushPort = await freePort();
  const sandbox = await startProgram({
    name: 'sandbox',
    entry: ENTRY,
    env: {
      SANDBOX_PARTS: 'mail',
      MAIL_PORT: String(mailPort),
      SMTP_PORT: String(smtpPort),
      SMS_PORT: String(smsPort),
      WEB_PUSH_PORT: String(webPushPort),
    },
    readyUrls: [`http://127.0.0.1:${mailPort}/readyz`],
  });
  for (const port of [smsPort, webPushPort]) {
    await expect(fetch(`http://127.0.0.1:${port}/readyz`)).rejects.toThrow();
  }
  expect(await sandbox.stop()).toEqual({ code: 0, signal: null });
});

test('a port that is taken is named, with the variable that changes it', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, resolve));
  const taken = String((other.address() as AddressInfo).port);
  const free = String(await freePort());
  const start = (env: Record<string, string>) =>
    startProgram({
      name: 'sandbox',
      entry: ENTRY,
      env: { SMTP_PORT: free, MAIL_PORT: free, SMS_PORT: free, WEB_PUSH_PORT: free, ...env },
    });
  try {
    await expect(start({ SANDBOX_PARTS: 'sms', SMS_PORT: taken })).rejects.toThrow(
      'set SMS_PORT to a free port',
    );
    await expect(start({ SANDBOX_PARTS: 'webpush', WEB_PUSH_PORT: taken })).rejects.toThrow(
      'set WEB_PUSH_PORT to a free port',
    );
    await expect(start({ SMTP_PORT: taken })).rejects.toThrow('set SMTP_PORT to a free port');
    await expect(start({ SANDBOX_PARTS: 'fax' })).rejects.toThrow(
      'SANDBOX_PARTS must be one of mail, sms, webpush',
    );
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
}, 90_000);
