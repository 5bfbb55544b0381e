/** Where a browser finds each API. */
export interface PublicAddresses {
  transaction: string;
  gateway: string;
  payout: string;
  operations: string;
  push: string;
}

export interface WebConfig {
  /** Where this server itself finds the transaction service. */
  transactionUrl: string;
  /** This server's own API key, which the transaction service knows. */
  serviceKey: string;
  /** Proxies of yours in front of this server, each of which appends to `X-Forwarded-For`. */
  trustedProxies: number;
  publicAddresses: PublicAddresses;
  /** Offers the demo people, whose keys everybody knows. */
  demo: boolean;
  /** The inboxes of the demo's outside world (MailHog's API, the SMS stub), as this server finds them; none elsewhere. */
  mailUrl: string | undefined;
  smsUrl: string | undefined;
  /** What readers of `/metrics` must send; undefined lets everyone read it. */
  metricsToken: string | undefined;
  /** `next dev`, which needs what a page otherwise forbids. */
  isDevelopment: boolean;
}

/** The environment does not describe a program that can run. One sentence for each wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError */
export function readWebConfig(env: Environment): WebConfig {
  const wrong: string[] = [];
  const refuse = (name: string, wanted: string, value: string | undefined) =>
    wrong.push(`${name} must be ${wanted}, but it is ${value === undefined ? 'not set' : shown(value)}.`);

  // An empty string counts as unset, as compose files write `WEB_URL=` for "the default".
  const given = (name: string) => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const optionalUrl = (name: string) => {
    const value = given(name);
    if (value === undefined || isHttpUrl(value)) return value?.replace(/\/+$/, '');
    refuse(name, 'a URL that starts with http:// or https://', value);
    return undefined;
  };
  const url = (name: string, usual: string) => optionalUrl(name) ?? usual;
  const flag = (name: string) => {
    const value = given(name) ?? 'false';
    if (value !== 'true' && value !== 'false') refuse(name, 'true or false', value);
    return value === 'true';
  };

  const serviceKey = () => {
    const value = given('SERVICE_KEY');
    if (value !== undefined) return value;
    refuse('SERVICE_KEY', 'the API key that SERVICE_KEYS of the transaction service has for web', value);
    return '';
  };
  const proxies = () => {
    const value = given('TRUSTED_PROXIES') ?? '0';
    if (!/^(\d|10)$/.test(value)) refuse('TRUSTED_PROXIES', 'a whole number from 0 to 10', value);
    return Number(value);
  };

  const transactionUrl = url('TRANSACTION_URL', 'http://127.0.0.1:4000');
  const read: WebConfig = {
    transactionUrl,
    serviceKey: serviceKey(),
    trustedProxies: proxies(),
    publicAddresses: {
      transaction: url('PUBLIC_TRANSACTION_URL', 'http://127.0.0.1:4000'),
      gateway: url('PUBLIC_GATEWAY_URL', 'http://127.0.0.1:4010'),
      payout: url('PUBLIC_PAYOUT_URL', 'http://127.0.0.1:4020'),
      operations: url('PUBLIC_OPERATIONS_URL', 'http://127.0.0.1:4030'),
      push: url('PUBLIC_PUSH_URL', 'http://127.0.0.1:4041'),
    },
    demo: flag('PAYFAN_DEMO'),
    mailUrl: optionalUrl('MAIL_URL'),
    smsUrl: optionalUrl('SMS_URL'),
    metricsToken: given('METRICS_TOKEN'),
    isDevelopment: env['NODE_ENV'] === 'development',
  };
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'));
  // What real people are sent is nobody's to look into, wherever it can be read.
  return read.demo ? read : { ...read, mailUrl: undefined, smsUrl: undefined };
}

let known: WebConfig | undefined;
/** Of this process. The start has read it once, so that nothing wrong is found later. */
export const config = (): WebConfig => (known ??= readWebConfig(process.env));

/** The file of CA certificates that Node trusts beside the public ones; Node reads it by itself. */
export const extraCaFile = (): string | undefined => process.env['NODE_EXTRA_CA_CERTS'];

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Text before an `@` may be a password. */
function shown(value: string): string {
  if (value.includes('@')) return 'something else (not shown, it may be secret)';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
