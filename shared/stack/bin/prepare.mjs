// What must be there before a command can run: npm packages, a broker, the build.
import { build, isBuilt } from './build.mjs';
import { endChildrenOnSignal } from './child.mjs';
import { missingImages, pullImages } from './docker.mjs';
import { installPackages, isInstalled } from './install.mjs';
import { takePrepareLock } from './prepare-lock.mjs';
import { lookForNativeRabbitmq, lookForRabbitmq, mustInstallRabbitmq, NoRabbitmq } from './rabbitmq.mjs';

/** The others start nothing. */
const NEED_A_BROKER = ['start', 'demo', 'test'];

/** Installs and builds what is missing; at once when nothing is. */
export async function prepare({ command, repository, progress }) {
  const stopListening = endChildrenOnSignal();
  try {
    const giveBackLock = await takePrepareLock(repository, (pid) =>
      progress.line(`Waiting for another command that installs or builds (pid ${pid})`),
    );
    try {
      await install({ command, repository, progress });
      if (!isBuilt(repository)) await progress.step('Build', () => build(repository));
    } finally {
      giveBackLock();
    }
  } finally {
    stopListening();
  }
}

async function install({ command, repository, progress }) {
  const broker = NEED_A_BROKER.includes(command) ? await lookForRabbitmq(command) : 'there';
  // Said now rather than after a minute of installing. Many tests do without a broker.
  if (broker === 'none' && command !== 'test') throw new NoRabbitmq();
  const steps = [provideRabbitmq({ broker, command, repository, progress })];
  if (!isInstalled(repository)) {
    steps.push(progress.step('npm packages (npm ci)', (note) => installPackages(repository, note)));
  }
  const outcomes = await Promise.allSettled(steps);
  const failures = outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  for (const failure of failures) {
    if (failure.name !== 'NoRabbitmq' || command !== 'test') throw failure;
    progress.line(failure.message);
  }
}

async function provideRabbitmq({ broker, command, repository, progress }) {
  if (broker === 'docker') {
    const missing = await missingImages(command);
    if (missing.length === 0) return;
    try {
      await progress.step(`Docker images (${missing.join(', ')})`, (note) => pullImages(missing, note));
      return;
    } catch (error) {
      if (error.name !== 'NoImages' || process.env.PAYFAN_INFRA === 'docker') throw error;
      progress.line(error.message);
      // A Docker without images is none: tests must not choose it either.
      process.env.PAYFAN_INFRA = 'native';
      broker = lookForNativeRabbitmq();
    }
  }
  if (broker === 'none') throw new NoRabbitmq();
  if (broker === 'install') {
    progress.line('There is no RabbitMQ here: installing rabbitmq-server by apt-get');
    const title = 'RabbitMQ (apt-get install rabbitmq-server)';
    await progress.step(title, (note) => mustInstallRabbitmq(repository, note));
  }
}
