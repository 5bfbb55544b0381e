type Right = 'configure' | 'write' | 'read';

/** RabbitMQ refuses a user a right, a vhost, or the login. The message names the user, the resource and the right. */
export class AccessRefusedError extends Error {
  override readonly name = 'AccessRefusedError';
  constructor(sentence: string, cause: unknown) {
    super(
      `${sentence} Run the program that sets up the broker (shared/messaging/dist/setup-broker-main.js): it gives ` +
        'every service its user and its rights.',
      { cause },
    );
  }
}

const ACCESS_REFUSED = 403;
/** RabbitMQ 4 names the right before the word `access`, RabbitMQ 3 does not. */
const REFUSAL =
  /ACCESS_REFUSED - (?:(configure|write|read) )?access to ((\w+) '.*') in vhost '(.*)' refused for user '(.*)'/;

/** The refusal that the broker answered to an operation on a channel; undefined for any other error. */
export function refusedAccess(error: unknown): AccessRefusedError | undefined {
  if (error instanceof AccessRefusedError) return error;
  if (!(error instanceof Error) || !('code' in error) || error.code !== ACCESS_REFUSED) return undefined;
  const [, named, resource = 'a resource', kind = '', vhost = '', user = ''] =
    REFUSAL.exec(error.message) ?? [];
  const right = named ?? rightFor(error, kind);
  return new AccessRefusedError(
    `RabbitMQ refuses the user ${user} the right to ${right === 'write' ? 'write to' : right} ${resource} in vhost '${vhost}'.`,
    error,
  );
}

/** The refusal of a login or of the vhost; undefined for any other error. amqplib gives these no code. */
export function refusedLogin(error: unknown, url: URL): AccessRefusedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const user = userOf(url);
  if (error.message.includes('ACCESS_REFUSED - Login was refused')) {
    return new AccessRefusedError(
      `RabbitMQ refuses the user ${user} the login at ${url.host}: AMQP_URL holds a wrong password, or there is no such user.`,
      error,
    );
  }
  if (error.message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) {
    const vhost = decodeURIComponent(url.pathname.slice(1)) || '/';
    return new AccessRefusedError(
      `RabbitMQ refuses the user ${user} all rights in vhost '${vhost}' at ${url.host}, or there is no such vhost.`,
      error,
    );
  }
  return undefined;
}

/** The user as which an AMQP URL connects. */
export const userOf = ({ username }: URL): string => decodeURIComponent(username) || 'guest';

/** Class and method of AMQP 0-9-1 (https://www.rabbitmq.com/amqp-0-9-1-reference), and what the broker asks for them. */
function rightFor(error: Error, kind: string): Right {
  const method =
    'classId' in error && 'methodId' in error ? `${String(error.classId)}.${String(error.methodId)}` : '';
  switch (method) {
    case '40.10':
    case '40.20':
    case '50.40':
      return 'configure';
    case '50.10':
      return kind === 'exchange' ? 'write' : 'configure';
    case '50.20':
    case '50.50':
      return kind === 'queue' ? 'write' : 'read';
    case '60.40':
      return 'write';
    default:
      return 'read';
  }
}
