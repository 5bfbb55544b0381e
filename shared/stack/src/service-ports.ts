import { freePort, isPortFree } from './ports.ts';
import { setting } from './setting.ts';
import type { Service } from './services.ts';

export class PortTaken extends Error {
  constructor(service: string, port: number, variable: string) {
    super(
      `Port ${port}, where ${service} listens, is taken by another program. End that program, or choose ` +
        `another port: ${variable}=${port + 10_000} npm start`,
    );
    this.name = 'PortTaken';
  }
}

export class BadPort extends Error {
  constructor(variable: string, value: string) {
    super(`${variable} must be a port from 1 to 65535; it was "${value}".`);
    this.name = 'BadPort';
  }
}

/** The port that the environment names, or undefined. */
export function portSetting(variable: string, env: NodeJS.ProcessEnv): number | undefined {
  const value = setting(variable, env);
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new BadPort(variable, value);
  return port;
}

export interface PortChoiceOptions {
  /** True where people and programs rely on the usual ports: a taken one is an error. */
  strict: boolean;
  env?: NodeJS.ProcessEnv;
}

/** The port of each service: the one that its variable names, or the usual one, or (unless strict) a free one. */
export async function chooseServicePorts(
  services: readonly Service[],
  { strict, env = process.env }: PortChoiceOptions,
): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const { name, port: usual, portVariable } of services) {
    const named = portSetting(portVariable, env);
    const wanted = named ?? usual;
    const free = ![...ports.values()].includes(wanted) && (await isPortFree(wanted));
    if (!free && (strict || named !== undefined)) throw new PortTaken(name, wanted, portVariable);
    ports.set(name, free ? wanted : await freePort());
  }
  return ports;
}
