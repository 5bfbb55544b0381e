/** Outside a demo a password has at least this many characters. */
export const PASSWORD_LENGTH_MIN = 16;

/** The environment does not name the passwords that the migration needs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** `EMAIL_DB_PASSWORD` holds the password of the role `payfan_email`. */
export const passwordVariable = (service: string): string => `${service.toUpperCase()}_DB_PASSWORD`;

/**
 * The password of each service's database role, by service, from `<SERVICE>_DB_PASSWORD`. With `PAYFAN_DEMO=true`
 * a password may be short or the service's name.
 *
 * @throws {ConfigError} naming every variable that is missing or too weak, and what it may be
 */
export function readRolePasswords(
  services: readonly string[],
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const passwords = Object.fromEntries(
    services.map((service) => [service, env[passwordVariable(service)] ?? '']),
  );
  const variables = (refuses: (service: string, password: string) => boolean) =>
    Object.entries(passwords)
      .filter(([service, password]) => refuses(service, password))
      .map(([service]) => passwordVariable(service))
      .join(', ');

  const mayBe = `at least ${PASSWORD_LENGTH_MIN} characters, and not the service's name`;
  const missing = variables((_service, password) => password === '');
  if (missing !== '') {
    throw new ConfigError(
      `The migration sets the password of each service's database role, and these variables are missing: ${missing}. Each may be any password of ${mayBe}.`,
    );
  }
  const weak = variables(
    (service, password) => password.length < PASSWORD_LENGTH_MIN || password === service,
  );
  if (weak !== '' && env['PAYFAN_DEMO'] !== 'true') {
    throw new ConfigError(
      `These passwords are too weak: ${weak}. Each must have ${mayBe}, unless PAYFAN_DEMO is true.`,
    );
  }
  return passwords;
}
