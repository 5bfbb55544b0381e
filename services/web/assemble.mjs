// Next's standalone server serves its static files itself, but leaves them for us to put there.
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const server = path.join(here, '.next/standalone/services/web');
cpSync(path.join(here, '.next/static'), path.join(server, '.next/static'), { recursive: true });
if (existsSync(path.join(here, 'public'))) {
  cpSync(path.join(here, 'public'), path.join(server, 'public'), { recursive: true });
}
