import { GRANT_FORMS, ServiceGrant } from '@payfan/contracts';
import { ConfigError } from '@payfan/service';

/** What services may do, by their names. A service that is not named may do nothing. */
export type ServiceGrants = ReadonlyMap<string, readonly string[]>;

/** Grants travel in the JWT, which verifiers refuse above 4,096 characters. */
const MAX_GRANTS_LENGTH = 2_000;

/**
 * Reads `name=grant|grant` pairs separated by commas, each name once.
 *
 * @param list the variable SERVICE_GRANTS; empty for none
 * @param names of the services in SERVICE_KEYS
 * @throws ConfigError with a sentence that says what is wrong and which grants there are
 */
export function parseServiceGrants(list: string, names: ReadonlySet<string>): ServiceGrants {
  const grants = new Map<string, readonly string[]>();
  for (const item of list === '' ? [] : list.split(',')) {
    const [, name, granted] = /^\s*([^=]*)=(.*)$/s.exec(item) ?? [];
    if (name === undefined || granted === undefined) {
      throw wrong(`must be name=grant|grant pairs separated by commas, but has ${JSON.stringify(item)}`);
    }
    if (!names.has(name))
      throw wrong(`names the service ${JSON.stringify(name)}, which SERVICE_KEYS does not`);
    if (grants.has(name))
      throw wrong(`names the service ${name} twice: write all of its grants in one place`);
    grants.set(name, parseGrants(name, granted));
  }
  return grants;
}

function parseGrants(name: string, granted: string): string[] {
  if (granted.length > MAX_GRANTS_LENGTH) {
    throw wrong(
      `gives ${name} more than ${MAX_GRANTS_LENGTH} characters of grants, which do not fit into a token`,
    );
  }
  const grants = granted.split('|').map((grant) => grant.trim());
  const unknown = grants.find((grant) => !ServiceGrant.safeParse(grant).success);
  if (unknown !== undefined) throw wrong(`gives ${name} the unknown grant ${JSON.stringify(unknown)}`);
  return grants;
}

const wrong = (what: string) =>
  new ConfigError(
    `SERVICE_GRANTS ${what}. Grants are ${GRANT_FORMS}; ` +
      'a topic is such as orders.new, a pattern such as orders.*, and account topics cannot be published.',
  );
