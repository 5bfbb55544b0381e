/** Outside a demo a password has at least this many characters. */
export const PASSWORD_LENGTH_MIN = 16;

/** The environment does not describe what a set-up program needs. The message names the variables. */
export class SetupConfigError extends Error {
  override readonly name = 'SetupConfigError';
}

/** The variable of one service: `EMAIL_DB_PASSWORD`, `PAYOUT_WORKER_FREE_PORT`. */
export const variableOf = (service: string, name: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_${name}`;

export interface ServicePasswords {
  readonly services: readonly string[];
  /** How the variables end: `DB_PASSWORD` is read from `EMAIL_DB_PASSWORD`. */
  readonly variable: string;
  /** Whose passwords they are, for the error: `database role`. */
  readonly holder: string;
}

/**
 * The passwords that a set-up program gives to the users of services, by service. With `PAYFAN_DEMO=true` a password may
 * be short or the service's name.
 *
 * @throws {SetupConfigError} naming every variable that is missing or too weak, and what it may be
 */
export function readServicePasswords(
  { services, variable, holder }: ServicePasswords,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const passwords = Object.fromEntries(
    services.map((service) => [service, env[variableOf(service, variable)] ?? '']),
  );
  const variablesWhere = (isWrong: (service: string, password: string) => boolean) =>
    Object.entries(passwords)
      .filter(([service, password]) => isWrong(service, password))
      .map(([service]) => variableOf(service, variable))
      .join(', ');

  const mayBe = `at least ${PASSWORD_LENGTH_MIN} characters, and not the service's name`;
  const missing = variablesWhere((_service, password) => password === '');
  if (missing !== '') {
    throw new SetupConfigError(
      `The password of each service's ${holder} comes from a variable, and these variables are missing: ${missing}. Each may be any password of ${mayBe}.`,
    );
  }
  const weak = variablesWhere(
    (service, password) => password.length < PASSWORD_LENGTH_MIN || password === service,
  );
  if (weak !== '' && env['PAYFAN_DEMO'] !== 'true') {
    throw new SetupConfigError(
      `These passwords are too weak: ${weak}. Each must have ${mayBe}, unless PAYFAN_DEMO is true.`,
    );
  }
  return passwords;
}
