// Docker, as far as it must be known before anything is built.
import { readFileSync } from 'node:fs';
import { run } from './child.mjs';

const images = JSON.parse(readFileSync(new URL('../images.json', import.meta.url), 'utf8'));

export class NoImages extends Error {
  constructor(image, output) {
    super(`Docker answers, but has no image ${image}: ${output.trim().split('\n').at(-1)}`);
    this.name = 'NoImages';
  }
}

/** True when the Docker daemon answers; having the command alone says nothing. */
export async function dockerAnswers() {
  const { ok } = await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5_000 });
  return ok;
}

/** The images that a command wants and Docker has not got yet. */
export async function missingImages(command) {
  const wanted = command === 'test' ? [images.postgres, images.rabbitmq] : [images.rabbitmq];
  const there = await Promise.all(wanted.map((image) => run('docker', ['image', 'inspect', image])));
  return wanted.filter((_, index) => !there[index].ok);
}

/** Fetches them one after the other, saying what Docker says. */
export async function pullImages(names, note) {
  for (const image of names) {
    const { ok, output } = await run('docker', ['pull', image], { onLine: note });
    if (!ok) throw new NoImages(image, output);
  }
}
