import { isIP } from 'node:net';

/** Which addresses messages may be sent to. Whoever subscribes names one, so it must lead nowhere else. */
export interface EndpointRules {
  /** Names of push services: `fcm.googleapis.com`, or `*.push.apple.com` for any below. */
  readonly hosts: readonly string[];
  /** A push service of our own, reached without TLS and at a private address: for tests and the demo only. */
  readonly sandboxUrl?: string | undefined;
}

/** The longest of the usual ones have some 500 characters. It is indexed, where 2,700 bytes are the limit. */
export const LONGEST_ENDPOINT = 1_024;

/** A host as the settings may name it. */
export const HOST_PATTERN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** An endpoint in its one spelling, with what to know of it; undefined where nothing may be sent. */
export interface Endpoint {
  readonly url: URL;
  /** Of our own push service, whose address may be private. */
  readonly isSandbox: boolean;
}

/** Reads an endpoint. Undefined unless the rules allow sending there. */
export function readEndpoint(text: string, rules: EndpointRules): Endpoint | undefined {
  if (text.length > LONGEST_ENDPOINT || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.href.length > LONGEST_ENDPOINT || url.hash !== '') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  if (rules.sandboxUrl !== undefined && url.origin === new URL(rules.sandboxUrl).origin) {
    return { url, isSandbox: true };
  }
  // Node asks no resolver about an address, so the check of what a name resolves to would be passed by.
  if (url.protocol !== 'https:' || url.port !== '' || isIP(url.hostname) !== 0) return undefined;
  return rules.hosts.some((pattern) => fits(url.hostname, pattern)) ? { url, isSandbox: false } : undefined;
}

function fits(hostname: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}
