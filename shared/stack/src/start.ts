import path from 'node:path';
import type { Copies } from './copies.ts';
import type { Place } from './infrastructure.ts';
import type { Progress } from './progress.ts';
import { INTERRUPTED, withStack } from './session.ts';
import { removeStackFile, writeStackFile, type StackDescription } from './stack-file.ts';
import { takeStartLock } from './start-lock.ts';
import { renderTable } from './table.ts';

/** `npm start`: runs until Ctrl-C. */
export async function start(progress: Progress, copies: Copies = {}): Promise<number> {
  const giveBackLock = takeStartLock();
  const throwAway = process.env.PAYFAN_FRESH === '1';
  try {
    const code = await withStack(
      {
        command: 'start',
        throwAway,
        usualPorts: true,
        progress,
        copies,
        onChange: (now) => writeStackFile(now),
      },
      async (description, interrupted, place) => {
        process.stdout.write(welcome(description, place));
        return new Promise((resolve) => interrupted.addEventListener('abort', () => resolve(INTERRUPTED)));
      },
    );
    // Ctrl-C is how one ends it, so that is a success.
    return code === INTERRUPTED ? 0 : code;
  } finally {
    removeStackFile();
    giveBackLock();
  }
}

/** What a newcomer wants to know next. */
function welcome(
  { services, infrastructure }: StackDescription,
  { logs, throwAway }: Pick<Place, 'logs' | 'throwAway'>,
): string {
  const rows = [
    ...Object.entries(services)
      .filter(([name]) => name !== 'sandbox')
      .map(([name, { url }]) => [name, url, name.includes('-worker-') ? '' : `${url}/docs`]),
    ...(infrastructure.mail.api === undefined ? [] : [['mail inbox', infrastructure.mail.api, '']]),
    ['SMS', `${infrastructure.sms.url}/messages`, ''],
    ['RabbitMQ', infrastructure.rabbitmq.managementUrl, ''],
    ['PostgreSQL', infrastructure.postgres.url, ''],
  ];
  const transaction = services['transaction']?.url ?? '';
  const keeping = throwAway
    ? 'Data is gone when it stops.'
    : 'Data stays for the next start; `npm run reset` forgets it.';
  return `
Payfan is ready.

${renderTable(rows).replaceAll(/^/gm, '  ')}

Asha pays Ravi Rs 100:

  curl -X POST ${transaction}/v1/transfers -H 'Authorization: Bearer demo_asha' \\
    -H 'Idempotency-Key: lunch-1' -H 'Content-Type: application/json' \\
    -d '{"to":"7010233311","amount":10000,"currency":"INR","note":"lunch"}'

Logs: ${throwAway ? logs : path.relative(process.cwd(), logs)}.  ${keeping}
Ctrl-C stops everything.
`;
}
