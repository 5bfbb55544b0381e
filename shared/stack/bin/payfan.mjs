// `npm start`, `npm run demo`, `npm run reset`, `npm test`. Plain JavaScript over Node's own modules:
// on a fresh clone there is nothing else yet, and it is this that fetches and builds the rest.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const USAGE = `Usage: node shared/stack/bin/payfan.mjs <command>

  start         (npm start)         runs all of Payfan until Ctrl-C; its data stays for the next start
                (npm start -- --gateways 3) with so many gateways, the further ones on free ports
  demo          (npm run demo)      pays Rs 100 on throw-away data and shows who was told, and how
  reset         (npm run reset)     forgets the data that \`start\` keeps
  test [args]   (npm test -- args)  runs the tests; arguments go to Jest, such as a folder
  test:fault    (npm run test:fault) kills, cuts and freezes every part; nothing may be lost or doubled
  test:browser  (npm run test:browser) opens the pages in Chromium and uses them, on throw-away data;
                with \`-- --screenshots\` it also renews the pictures in docs/screenshots
  soak          (npm run soak -- --minutes 30) the same at random, for 10 minutes unless told
  queues, deliveries, dead-letters, signing-keys
                (npm run payfan -- queues) look into a running Payfan, replay what it gave up, and replace the
                key that signs tokens; --help after one of them says more
  secrets       (npm run payfan -- secrets > .env) prints what Docker Compose needs: .env.example with random secrets;
                with \`--demo\` also the demo accounts, whose keys are public. Once: a database keeps its passwords
  bench [names] (npm run bench -- names) measures; \`npm run bench -- --help\` says what there is
  help

Every command but \`secrets\` first installs and builds what is missing.

  PAYFAN_DEMO=false    start without demo accounts; OPERATOR_KEYS=name=key,… names your operators
  PAYFAN_FRESH=1       start on throw-away data, which is not durable: PostgreSQL runs without fsync
  PAYFAN_WEB=false     start without the pages (services/web), which are built when they are first started
  DATABASE_URL, AMQP_URL, SMTP_URL, SMS_URL
                       servers of yours, to be used instead of our own
  <SERVICE>_PORT       where a service listens, such as TRANSACTION_PORT=4100; also WEB_PORT, POSTGRES_PORT,
                       RABBITMQ_PORT, RABBITMQ_MANAGEMENT_PORT, SMTP_PORT, MAIL_PORT, SMS_PORT
  PAYFAN_INFRA=native  (or docker) where tests get PostgreSQL and RabbitMQ from
  PAYFAN_CHROMIUM      the browser of test:browser, if not Debian's or Google's
  NO_COLOR=1           no colours
`;

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return true;
  process.stderr.write(`Payfan needs Node.js 20.19 or later; this is ${process.versions.node}.\n`);
  return false;
}

/** What services/operations does, against a Payfan that runs. */
const OPERATOR_COMMANDS = ['queues', 'deliveries', 'dead-letters', 'signing-keys'];

/** Of `--gateways 3` or nothing; undefined if it is something else. */
function copiesOf(args) {
  const [, number] = /^(?:--gateways[ =]([1-9]|1\d|20))?$/.exec(args.join(' ')) ?? [undefined, ''];
  if (number === '') return undefined;
  return number === undefined ? {} : { gateway: Number(number) };
}

/** What `test:browser` needs beside the rest: the pages, and a browser, which tests learn of by a variable. */
async function prepareBrowser(progress) {
  const { provideChromium } = await import('./chromium.mjs');
  process.env.PAYFAN_CHROMIUM = await provideChromium(repository, progress);
  const { webBuild } = await import('./web.mjs');
  const pages = webBuild(repository, progress);
  if (!pages.isBuilt()) await pages.build(new AbortController().signal);
}

/** `npm start` alone has them, unless told otherwise. */
async function pagesFor(command, progress) {
  if (command !== 'start' || process.env.PAYFAN_WEB === 'false') return undefined;
  const { webBuild } = await import('./web.mjs');
  return webBuild(repository, progress);
}

async function main([command = 'help', ...args]) {
  if (['help', '--help', '-h'].includes(command)) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === 'secrets' && ['', '--demo'].includes(args.join(' '))) {
    const { printSecrets } = await import('./secrets.mjs');
    printSecrets(repository, { demo: args.length > 0 });
    return 0;
  }
  const isTest = ['test', 'test:fault', 'test:browser', 'soak', 'bench'].includes(command);
  const isOperator = OPERATOR_COMMANDS.includes(command);
  const copies = command === 'start' ? copiesOf(args) : args.length === 0 ? {} : undefined;
  if (!isTest && !isOperator && (!['start', 'demo', 'reset'].includes(command) || copies === undefined)) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (!checkNode()) return 1;
  const { createProgress } = await import('./progress.mjs');
  const { prepare } = await import('./prepare.mjs');
  const progress = createProgress();
  if (isTest) {
    const { jestArguments, runJest, runNode } = await import('./jest.mjs');
    const forJest = jestArguments(command, args);
    await prepare({ command: 'test', repository, progress });
    if (command === 'test:browser') await prepareBrowser(progress);
    if (command === 'bench') return runNode(repository, ['tests/dist/bench/main.js', ...args]);
    return runJest(repository, forJest);
  }
  await prepare({ command, repository, progress });
  if (isOperator) {
    // It reads the arguments from the process, as it does where it is started by itself.
    await import(new URL('../../../services/operations/dist/cli/main.js', import.meta.url).href);
    return process.exitCode;
  }
  const { runCommand } = await import('../dist/index.js');
  return runCommand(command, progress, copies, await pagesFor(command, progress));
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  // Errors of ours have names of their own and say all there is to say.
  process.stderr.write(`\n${error.name === 'Error' ? error.stack : error.message}\n`);
  process.exit(error.exitCode ?? 1);
}
