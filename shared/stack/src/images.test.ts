import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { images } from './images.ts';
import { repository } from './paths.ts';

const read = (file: string) => readFileSync(path.join(repository, file), 'utf8');

/** Images that others build, by the file that names them. Ours are `payfan` and `payfan-web`, and stages of a build. */
function foreignImages(file: string): string[] {
  const text = read(file);
  const stages = [...text.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage = '']) => stage);
  return [...text.matchAll(/^(?:FROM|\s*image(?:Name)?:) +(\S+)/gm)]
    .map(([, image = '']) => image)
    .filter((image) => !/(^|\/)payfan(-web)?(:|$)/.test(image) && !stages.includes(image));
}

test('containers that we start are of the images that compose uses', () => {
  for (const image of Object.values(images)) expect(foreignImages('docker-compose.yml')).toContain(image);
});

test('every image of others is pinned to a minor version', () => {
  const manifests = readdirSync(path.join(repository, 'deploy'), { recursive: true, encoding: 'utf8' });
  const files = manifests.filter((name) => name.endsWith('.yaml')).map((name) => `deploy/${name}`);
  const found = ['docker-compose.yml', 'Dockerfile', ...files].flatMap((file) => foreignImages(file));
  // PostgreSQL and RabbitMQ twice, MailHog, and Node at least.
  expect(new Set(found).size).toBeGreaterThanOrEqual(6);
  expect(found.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
});
