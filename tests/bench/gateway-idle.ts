import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions, Figure } from './figure.ts';
import { SERVICE_KEY, type GatewayStage, type LiveServer } from './gateway-stage.ts';
import { LiveSocket } from './live-socket.ts';
import { readStat } from './proc-stat.ts';
import { overRounds } from './rounds.ts';

const CONNECTIONS = 3_000;
/** Connections that a server has had before it is weighed: what it keeps for any of them is there then. */
const WARM_UP = 200;
const AT_ONCE = 50;
/** Garbage of the handshakes goes meanwhile, or it does not; it is so for both. */
const SETTLE_MS = 3_000;

/** What a connection that follows one topic and hears nothing weighs, beyond one of `ws` alone. */
export async function idleMemory(stage: GatewayStage, { rounds, say }: BenchOptions): Promise<Figure[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    ours.push(await weigh(await stage.start('gateway')));
    bare.push(await weigh(await stage.start('ws')));
    say(`  idle, round ${round}: gateway ${ours.at(-1)?.toFixed(1)} KB, ws ${bare.at(-1)?.toFixed(1)} KB`);
  }
  const unit = 'KB';
  return [
    overRounds({ what: 'an idle connection: gateway', unit }, ours),
    overRounds({ what: 'an idle connection: bare ws', unit }, bare),
    overRounds(
      { what: 'an idle connection: beyond bare ws', unit, atMost: 15 },
      ours.map((value, round) => value - (bare[round] ?? Number.NaN)),
    ),
  ];
}

async function weigh({ kind, program, url }: LiveServer): Promise<number> {
  const sockets: LiveSocket[] = [];
  const open = async () => {
    const n = sockets.length;
    if (kind !== 'gateway') {
      sockets.push(await LiveSocket.open({ url, path: `/${n}` }));
      return;
    }
    const socket = await LiveSocket.open({ url, key: SERVICE_KEY });
    sockets.push(socket);
    await socket.ask({ id: 1, t: 'subscribe', topic: `bench.idle-${n}` });
  };
  const openMany = async (count: number) => {
    for (let left = count; left > 0; left -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, open));
    }
    await delay(SETTLE_MS);
  };
  await openMany(WARM_UP);
  const before = readStat(program.pid).residentBytes;
  await openMany(CONNECTIONS);
  const bytes = readStat(program.pid).residentBytes - before;
  for (const socket of sockets) socket.close();
  await program.stop();
  return bytes / CONNECTIONS / 1_024;
}
