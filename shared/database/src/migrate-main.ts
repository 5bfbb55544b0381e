import { migrate } from './migrate.ts';

const adminUrl = process.env['ADMIN_DATABASE_URL'];
if (adminUrl === undefined || adminUrl === '') {
  process.stderr.write(
    'ADMIN_DATABASE_URL is missing: it names a PostgreSQL role that may create roles and schemas.\n',
  );
  process.exit(2);
}
/** `EMAIL_DB_PASSWORD=…` is the password of the role `payfan_email`. */
const passwords = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => {
    const service = /^([A-Z]+)_DB_PASSWORD$/.exec(name)?.[1];
    return service !== undefined && value !== undefined ? [[service.toLowerCase(), value]] : [];
  }),
);
await migrate({ adminUrl, passwords, log: (line) => process.stdout.write(`${line}\n`) });
