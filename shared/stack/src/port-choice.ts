import { freePort, isPortFree, portOrFree } from './ports.ts';
import { setting } from './setting.ts';
import type { Service } from './services.ts';

export class PortTaken extends Error {
  constructor(who: string, port: number, variable: string) {
    super(
      `Port ${port}, where ${who} listens, is taken by another program. End that program, or choose ` +
        `another port: ${variable}=${port < 50_000 ? port + 10_000 : port - 10_000} npm start`,
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
  /**
   * True where people and programs rely on the usual ports. A run that nobody else looks into takes
   * free ones, and so stands in nobody's way.
   */
  usualPorts: boolean;
  env?: NodeJS.ProcessEnv;
}

/** The port of each service: the one that its variable names, or the usual one. A taken one is an error. */
export async function chooseServicePorts(
  services: readonly Service[],
  { usualPorts, env = process.env }: PortChoiceOptions,
): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const { name, port: usual, portVariable } of services) {
    const wanted = portSetting(portVariable, env) ?? (usualPorts ? usual : undefined) ?? (await freePort());
    const taken = [...ports.values()].includes(wanted) || !(await isPortFree(wanted));
    if (taken) throw new PortTaken(name, wanted, portVariable);
    ports.set(name, wanted);
  }
  return ports;
}

/** The port of a server beside the services, by its variable: a usual one that is taken gives way to a free one. */
export async function infrastructurePort(
  variable: keyof typeof usualInfrastructurePorts,
  { usualPorts, env = process.env }: PortChoiceOptions,
): Promise<number> {
  const named = portSetting(variable, env);
  if (named === undefined) return usualPorts ? portOrFree(usualInfrastructurePorts[variable]) : freePort();
  if (!(await isPortFree(named))) throw new PortTaken(variable.replace('_PORT', ''), named, variable);
  return named;
}

/** Where everyone looks for them. */
export const usualInfrastructurePorts = {
  POSTGRES_PORT: 5432,
  RABBITMQ_PORT: 5672,
  RABBITMQ_MANAGEMENT_PORT: 15_672,
  SMTP_PORT: 1025,
  /** The inbox over HTTP. */
  MAIL_PORT: 8025,
  SMS_PORT: 8026,
  WEB_PUSH_PORT: 8027,
} as const;
