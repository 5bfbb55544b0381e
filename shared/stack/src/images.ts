import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './paths.ts';

/** The images of containers that we start: the same as in docker-compose.yml, and the entry script's. */
export const images = JSON.parse(readFileSync(path.join(repository, 'shared/stack/images.json'), 'utf8')) as {
  postgres: string;
  rabbitmq: string;
};
