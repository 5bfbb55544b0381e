import { isIP } from 'node:net';
import { z } from 'zod';
import { configFields } from '../config.ts';

/** Variables of every program that serves HTTP, for its `config.ts`. */
export const httpConfigFields = {
  /** Without it a program listens on all interfaces, as a container must. `npm start` sets 127.0.0.1. */
  PAYFAN_BIND: z
    .string()
    .refine((address) => isIP(address) !== 0)
    .optional()
    .describe('an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all interfaces'),
  /** Prometheus sends it as its `authorization`; without it everyone who reaches the port may read `/metrics`. */
  METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]+$/)
    .optional()
    .describe('a long random text of letters, digits and -._~+/='),
  /** Whether `/docs` and `/openapi.json` exist. */
  API_DOCS: configFields.flag(true),
};

/** How a program serves HTTP: what `createApi` and `httpServer` need of its variables. */
export interface HttpSettings {
  /** The IP address to listen on; all interfaces if undefined. */
  readonly host?: string | undefined;
  /** What readers of `/metrics` must send; undefined lets everyone read it. */
  readonly metricsToken?: string | undefined;
  /** Serves `/docs` and `/openapi.json`; true if undefined. */
  readonly docs?: boolean | undefined;
}

/** The settings that these variables describe. */
export function httpSettings(config: z.output<z.ZodObject<typeof httpConfigFields>>): HttpSettings {
  return { host: config.PAYFAN_BIND, metricsToken: config.METRICS_TOKEN, docs: config.API_DOCS };
}
