import { readFileSync } from 'node:fs';
import path from 'node:path';
import { images } from './images.ts';
import { repository } from './paths.ts';

test('containers that we start are of the images that compose uses', () => {
  const compose = readFileSync(path.join(repository, 'docker-compose.yml'), 'utf8');
  const used = [...compose.matchAll(/image: *(\S+)/g)].map(([, image]) => image);
  for (const image of Object.values(images)) expect(used).toContain(image);
});
