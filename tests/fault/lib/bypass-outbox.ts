import { openAdminDatabase } from '@payfan/stack/testing';

/**
 * Makes Payfan what it would be without an outbox: rows vanish as they are written, so that after the commit
 * events are in the process's memory alone.
 */
export async function bypassOutbox(adminUrl: string): Promise<void> {
  const database = openAdminDatabase({ url: adminUrl, name: 'control', max: 1 });
  await database.query({
    text: `create function transaction.forget_event() returns trigger language plpgsql as $$
             begin delete from transaction.outbox where id = new.id; return null; end $$;
           create trigger forget_event after insert on transaction.outbox
             for each row execute function transaction.forget_event()`,
  });
  await database.stop();
}
