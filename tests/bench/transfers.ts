import { startPayfan, startServers } from '@payfan/stack/testing';
import { openBenchAccounts } from './bench-accounts.ts';
import { closedLoad } from './closed-load.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { pgbench } from './pgbench.ts';
import { median } from './statistics.ts';

const ACCOUNTS = 1_000;
const SECONDS = 6;

/**
 * The commit path: transfers through the whole HTTP API, authenticated, validated, idempotent and durable,
 * against pgbench doing the same SQL one transfer a transaction. Channels and broker are stopped, so that the
 * outbox grows and nothing else is measured. Rounds alternate, as machines have moods.
 */
export async function transfers({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const payfan = await startPayfan({ servers: servers.infrastructure });
  try {
    await openBenchAccounts(payfan.database.adminUrl, ACCOUNTS);
    await Promise.all(
      ['push', 'phone', 'email', 'operations', 'sandbox'].map((name) => payfan.program(name).stop()),
    );
    await servers.rabbitmq[0].server.kill();
    const load = { url: payfan.url('transaction'), accounts: ACCOUNTS, seconds: SECONDS };
    await closedLoad({ ...load, clients: 64, seconds: 3 });
    const yardstick: number[] = [];
    const ours = new Map<number, number[]>([64, 256].map((clients) => [clients, []]));
    for (let round = 1; round <= rounds; round += 1) {
      yardstick.push(
        await pgbench({ url: payfan.database.adminUrl, accounts: ACCOUNTS, clients: 64, seconds: SECONDS }),
      );
      for (const [clients, rates] of ours) rates.push((await closedLoad({ ...load, clients })).perSecond);
      say(
        `  round ${round}: pgbench ${yardstick.at(-1)?.toFixed(0)}, ours ${[...ours].map(([clients, rates]) => `${rates.at(-1)?.toFixed(0)} (${clients})`).join(', ')}`,
      );
    }
    const alone = await closedLoad({ ...load, clients: 1 });
    return [
      { what: 'pgbench, 64 clients', value: median(yardstick), unit: '/s', rounds: yardstick },
      ...[...ours].flatMap(([clients, rates]): Figure[] => {
        const ratios = rates.map((rate, round) => rate / (yardstick[round] ?? Number.NaN));
        return [
          { what: `transfers, ${clients} clients`, value: median(rates), unit: '/s', rounds: rates },
          {
            what: `transfers, ${clients} clients, against pgbench`,
            value: median(ratios),
            unit: '×',
            rounds: ratios,
            atLeast: 3,
          },
        ];
      }),
      { what: 'one client, p50', value: alone.p50Ms, unit: 'ms' },
      { what: 'one client, p99', value: alone.p99Ms, unit: 'ms' },
    ];
  } finally {
    await payfan.stop();
    await servers.stop();
  }
}
