import path from 'node:path';
import type { Copies } from './copies.ts';
import { isDemo } from './demo-mode.ts';
import type { Place } from './infrastructure.ts';
import type { Progress } from './progress.ts';
import { setting } from './setting.ts';
import { INTERRUPTED, withStack } from './session.ts';
import { web } from './services.ts';
import { pageUrl, startWeb, type WebBuild } from './start-web.ts';
import { removeStackFile, writeStackFile, type StackDescription } from './stack-file.ts';
import { takeStartLock } from './start-lock.ts';
import { renderTable } from './table.ts';

/** `npm start`: runs until Ctrl-C. Without a `webBuild` there are no pages. */
export async function start(progress: Progress, copies: Copies = {}, webBuild?: WebBuild): Promise<number> {
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
        later: webBuild === undefined ? [] : [web],
        onChange: (now) => writeStackFile(now),
      },
      async (description, interrupted, { place, stack }) => {
        const showWeb = async () => webBuild && (await startWeb({ stack, webBuild, progress, interrupted }));
        // What is built already is there in a second, and belongs to the picture; a build takes its time.
        const isBuilt = webBuild?.isBuilt() === true;
        const shown = (isBuilt ? await showWeb() : undefined) ?? description;
        const webFollows = webBuild !== undefined && !isBuilt;
        process.stdout.write(welcome(shown, place, { webFollows, demo: isDemo() }));
        const later = isBuilt ? undefined : await showWeb();
        if (later !== undefined)
          progress.line(`The pages are at ${pageUrl(later.services['web']?.url ?? '')}`);
        return new Promise((resolve) => {
          if (interrupted.aborted) resolve(INTERRUPTED);
          interrupted.addEventListener('abort', () => resolve(INTERRUPTED));
        });
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
export function welcome(
  { services, infrastructure }: StackDescription,
  { logs, throwAway }: Pick<Place, 'logs' | 'throwAway'>,
  { webFollows, demo }: { webFollows: boolean; demo: boolean },
): string {
  const hasDocs = setting('API_DOCS') !== 'false';
  const rows = [
    ...(services['web'] === undefined ? [] : [['web', pageUrl(services['web'].url), '']]),
    ...(webFollows ? [['web', '(being built, which takes a minute)', '']] : []),
    ...Object.entries(services)
      .filter(([name]) => name !== 'sandbox' && name !== 'web')
      .map(([name, { url }]) => [name, url, name.includes('-worker-') || !hasDocs ? '' : `${url}/docs`]),
    ...(infrastructure.mail.api === undefined ? [] : [['mail inbox', infrastructure.mail.api, '']]),
    ['SMS', `${infrastructure.sms.url}/messages`, ''],
    ['RabbitMQ', infrastructure.rabbitmq.managementUrl, ''],
    ['PostgreSQL', infrastructure.postgres.url, ''],
  ];
  const transaction = services['transaction']?.url ?? '';
  const keeping = throwAway
    ? "Data is thrown away when it stops, and is not durable until then: Payfan's own PostgreSQL runs without fsync."
    : 'Data stays for the next start; `npm run reset` forgets it.';
  return `
Payfan is ready.

${renderTable(rows).replaceAll(/^/gm, '  ')}

${demo ? firstTransfer(transaction) : 'There are no demo accounts (PAYFAN_DEMO=false).\n'}
Logs: ${throwAway ? logs : path.relative(process.cwd(), logs)}.  ${keeping}
Ctrl-C stops everything.
`;
}

const firstTransfer = (transactionUrl: string) => `Asha pays Ravi Rs 100:

  curl -X POST ${transactionUrl}/v1/transfers -H 'Authorization: Bearer demo_asha' \\
    -H 'Idempotency-Key: lunch-1' -H 'Content-Type: application/json' \\
    -d '{"to":"7010233311","amount":10000,"currency":"INR","note":"lunch"}'
`;
