import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError, configFields } from '../config.ts';
import type { TlsFiles } from './tls.ts';

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
  TRUSTED_PROXIES: configFields.integer({ min: 0, max: 10, default: 0 }),
  /** Whether `/docs` and `/openapi.json` exist. */
  API_DOCS: configFields.flag(true),
  /** With both a program serves https, and new files without a restart; with neither it serves plain http. */
  TLS_CERT_FILE: configFields.text().optional(),
  TLS_KEY_FILE: configFields.text().optional(),
};

/** How a program serves HTTP: what `createApi` and `httpServer` need of its variables. */
export interface HttpSettings {
  /** The IP address to listen on; all interfaces if undefined. */
  readonly host?: string | undefined;
  /** What readers of `/metrics` must send; undefined lets everyone read it. */
  readonly metricsToken?: string | undefined;
  /** Proxies of ours in front, each of which appends to `X-Forwarded-For`; none if undefined. */
  readonly trustedProxies?: number | undefined;
  /** Serves `/docs` and `/openapi.json`; true if undefined. */
  readonly docs?: boolean | undefined;
  /** Serves https; plain http if undefined. */
  readonly tls?: TlsFiles | undefined;
}

type HttpConfig = z.output<z.ZodObject<typeof httpConfigFields>>;

/**
 * The settings that these variables describe.
 *
 * @throws {ConfigError} if there is a certificate without a key, or a key without a certificate
 */
export function httpSettings(config: HttpConfig): HttpSettings {
  return {
    host: config.PAYFAN_BIND,
    metricsToken: config.METRICS_TOKEN,
    docs: config.API_DOCS,
    tls: tlsFiles(config),
    trustedProxies: config.TRUSTED_PROXIES,
  };
}

function tlsFiles({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile }: HttpConfig): TlsFiles | undefined {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === keyFile) return undefined;
  const missing = certFile === undefined ? 'TLS_CERT_FILE' : 'TLS_KEY_FILE';
  throw new ConfigError(
    `TLS_CERT_FILE and TLS_KEY_FILE must both be set, or neither: ${missing} is not set.`,
  );
}
