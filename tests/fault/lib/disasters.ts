import { setTimeout as delay } from 'node:timers/promises';
import type { Payfan, Servers, TcpProxy } from '@payfan/stack/testing';
import { behave, type Behaviour, type Outside } from './outside.ts';
import { pick, type Random } from './random.ts';

/** What a disaster can lay hands on. */
interface Victims {
  payfan: Payfan;
  servers: Servers;
  wires: Readonly<Record<string, TcpProxy>>;
  random: Random;
}

/** Something that happens, and is over when it resolves: whatever it broke is started again, and may still be healing. */
export interface Disaster {
  name: string;
  strike: (victims: Victims) => Promise<void>;
}

const CONSUMERS = ['push', 'phone', 'email'] as const;
const SERVICES = ['transaction', ...CONSUMERS] as const;

/** Between a half and all of it. */
const about = (ms: number, random: Random) => delay(ms * (0.5 + random() / 2));

/** The world outside misbehaves for a while. */
function misbehaves(name: string, where: keyof Outside, behaviour: Behaviour): Disaster {
  return {
    name,
    async strike({ payfan, random }) {
      await behave(payfan[where], behaviour);
      await about(4_000, random);
      await behave(payfan[where], {});
    },
  };
}

/** All that a soak chooses from, with the same probability. */
export const disasters: readonly [Disaster, ...Disaster[]] = [
  {
    name: 'a service killed',
    async strike({ payfan, random }) {
      const name = pick(random, SERVICES);
      await payfan.program(name).kill();
      await about(2_000, random);
      await payfan.restart(name);
    },
  },
  {
    name: 'a service stopped and started',
    async strike({ payfan, random }) {
      const name = pick(random, SERVICES);
      const { code, signal } = await payfan.program(name).stop();
      if (code !== 0) throw new Error(`${name} ended with ${signal ?? code ?? 'nothing'} on SIGTERM`);
      await payfan.restart(name);
    },
  },
  {
    name: 'a service frozen',
    async strike({ payfan, random }) {
      const { pid } = payfan.program(pick(random, SERVICES));
      process.kill(pid, 'SIGSTOP');
      await about(6_000, random);
      process.kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'the broker killed',
    async strike({ servers: { rabbitmq }, random }) {
      await rabbitmq[0].server.kill();
      await about(3_000, random);
      await rabbitmq[0].server.restart();
    },
  },
  {
    name: 'the broker frozen',
    async strike({ servers: { rabbitmq }, random }) {
      rabbitmq[0].server.suspend();
      await about(8_000, random);
      rabbitmq[0].server.resume();
    },
  },
  {
    name: 'the database killed',
    async strike({ servers: { postgres }, random }) {
      await postgres.kill();
      await about(2_000, random);
      await postgres.restart();
    },
  },
  {
    name: 'a wire cut',
    strike({ wires, random }) {
      const [first, ...rest] = Object.values(wires);
      if (first !== undefined) pick(random, [first, ...rest]).cut();
      return Promise.resolve();
    },
  },
  {
    name: 'a wire dead for a while',
    async strike({ wires, random }) {
      const [first, ...rest] = Object.values(wires);
      if (first === undefined) return;
      const wire = pick(random, [first, ...rest]);
      if (random() < 0.5) wire.hang();
      else await wire.refuse();
      await about(4_000, random);
      // What hung for so long is not taken up again, as on a network.
      wire.cut();
      await wire.forward();
    },
  },
  misbehaves('the SMS gateway failing', 'smsUrl', { failRate: 1 }),
  misbehaves('the SMS gateway hanging', 'smsUrl', { hang: true }),
  misbehaves('the SMS gateway failing now and then', 'smsUrl', { failRate: 0.3 }),
  misbehaves('the mail server failing', 'mailApi', { failRate: 1 }),
  misbehaves('the mail server slow', 'mailApi', { delayMs: 1_000 }),
];
