import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { docker, dockerAnswers } from './docker.ts';
import { payfanFolder, persistentState, repositoryHash } from './paths.ts';
import type { Progress } from './progress.ts';
import { removeContainer } from './rabbitmq-docker.ts';
import { clearUpAfterOthers } from './session.ts';
import { setting } from './setting.ts';
import { removeStackFile } from './stack-file.ts';
import { refuseWhileRunning } from './start-lock.ts';

/** `npm run reset`: forgets what earlier starts kept. Says what it deleted. */
export async function reset(progress: Progress): Promise<number> {
  refuseWhileRunning('Stop it first; then `npm run reset` can forget its data.');
  await clearUpAfterOthers(progress);
  removeStackFile();
  const folders = { 'database and queues': persistentState(), logs: path.join(payfanFolder, 'logs') };
  const deleted: string[] = [];
  for (const [what, folder] of Object.entries(folders)) {
    if (!existsSync(folder)) continue;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    deleted.push(`${what} (${folder})`);
  }
  const volume = await removeVolume();
  if (volume !== undefined) deleted.push(`the broker's data in Docker (volume ${volume})`);
  process.stdout.write(
    deleted.length === 0 ? 'There was nothing to delete.\n' : `Deleted: ${deleted.join(', ')}.\n`,
  );
  if (setting('DATABASE_URL') ?? setting('AMQP_URL')) {
    process.stdout.write('What is on the servers of DATABASE_URL and AMQP_URL stays as it is.\n');
  }
  return 0;
}

async function removeVolume(): Promise<string | undefined> {
  if (!(await dockerAnswers())) return undefined;
  const name = `payfan-${repositoryHash}`;
  await removeContainer(name);
  return docker('volume', 'rm', name).then(
    () => name,
    () => undefined, // there was none
  );
}
