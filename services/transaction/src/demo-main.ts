import { openDatabase } from '@payfan/database';
import { configFields, main, readConfig } from '@payfan/service';
import { z } from 'zod';
import { openDemoAccounts } from './demo-accounts.ts';

const DemoConfig = z.object({
  /** As the role that migrates: the running service may open no account. */
  ADMIN_DATABASE_URL: configFields.databaseUrl,
  /** Without it the transaction service knows no key of these accounts. */
  PAYFAN_DEMO: z.literal('true').describe('true, as `npm run payfan -- secrets --demo > .env` sets it'),
});

/** Opens the demo accounts, after the migration and before the services start. Running it again changes nothing. */
main(async () => {
  const { ADMIN_DATABASE_URL } = readConfig(DemoConfig);
  const database = openDatabase({ url: ADMIN_DATABASE_URL, name: 'demo-accounts', max: 1 });
  try {
    await openDemoAccounts(database);
  } finally {
    await database.stop();
  }
});
