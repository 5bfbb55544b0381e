/** Outside a demo a password has at least this many characters, like those of the database's roles. */
const PASSWORD_LENGTH_MIN = 16;

/** `EMAIL_AMQP_PASSWORD` holds the password of the user `payfan_email`. */
const passwordVariable = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_AMQP_PASSWORD`;

/** The environment does not say what the set-up of the broker needs; the message names the variables. */
export class SetupConfigError extends Error {
  override readonly name = 'SetupConfigError';
}

/**
 * The password of each service's RabbitMQ user, by service, from `<SERVICE>_AMQP_PASSWORD`. With `PAYFAN_DEMO=true` a
 * password may be short or the service's name.
 *
 * @throws {SetupConfigError} naming every variable that is missing or too weak, and what it may be
 */
export function readBrokerPasswords(
  services: readonly string[],
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const passwords = Object.fromEntries(
    services.map((service) => [service, env[passwordVariable(service)] ?? '']),
  );
  const variablesOf = (isWrong: (service: string, password: string) => boolean) =>
    services.filter((service) => isWrong(service, passwords[service] ?? '')).map(passwordVariable);
  const mayBe = `at least ${PASSWORD_LENGTH_MIN} letters and digits, and not the service's name`;

  const missing = variablesOf((_service, password) => password === '');
  if (missing.length > 0) {
    throw new SetupConfigError(
      `The set-up of the broker sets the password of each service's RabbitMQ user, and these variables are missing: ${missing.join(', ')}. Each may be any password of ${mayBe}.`,
    );
  }
  const weak = variablesOf(
    (service, password) => password.length < PASSWORD_LENGTH_MIN || password === service,
  );
  if (weak.length > 0 && env['PAYFAN_DEMO'] !== 'true') {
    throw new SetupConfigError(
      `These passwords are too weak: ${weak.join(', ')}. Each must have ${mayBe}, unless PAYFAN_DEMO is true.`,
    );
  }
  return passwords;
}
