import { assertDemoIsLocal } from './demo-listener.ts';
import { migrate, servicesWithTables } from './migrate.ts';
import { ConfigError, readRolePasswords } from './role-passwords.ts';

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
  const passwords = readRolePasswords(await servicesWithTables(), process.env);
  await migrate({ adminUrl, passwords, log: (line) => process.stdout.write(`${line}\n`) });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
