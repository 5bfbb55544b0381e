import { existsSync } from 'node:fs';
import { readServicePasswords, SetupConfigError } from '@payfan/contracts';
import { assertDemoIsLocal } from './demo-listener.ts';
import { migrate, servicesWithTables } from './migrate.ts';

const caFile = process.env['NODE_EXTRA_CA_CERTS'] ?? '';
// Node only warns of a CA file that it cannot read.
if (caFile !== '' && !existsSync(caFile)) {
  process.stderr.write(
    `NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but ${JSON.stringify(caFile)} cannot be read.\n`,
  );
  process.exit(2);
}
const adminUrl = process.env['ADMIN_DATABASE_URL'];
if (adminUrl === undefined || adminUrl === '') {
  process.stderr.write(
    'ADMIN_DATABASE_URL is missing: it names a PostgreSQL role that may create roles and schemas.\n',
  );
  process.exit(2);
}
try {
  // Compose starts everything else after the migration, so this also keeps a demo off the network.
  assertDemoIsLocal(process.env);
  const passwords = readServicePasswords(
    { services: await servicesWithTables(), variable: 'DB_PASSWORD', holder: 'database role' },
    process.env,
  );
  await migrate({ adminUrl, passwords, log: (line) => process.stdout.write(`${line}\n`) });
} catch (error) {
  if (!(error instanceof SetupConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
