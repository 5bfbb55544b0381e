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
  const passwords = readRolePasswords(await servicesWithTables(), process.env);
  await migrate({ adminUrl, passwords, log: (line) => process.stdout.write(`${line}\n`) });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
