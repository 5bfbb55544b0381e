import {
  brokerServices,
  brokerUserName,
  CHANNEL_NAME,
  readServicePasswords,
  SetupConfigError,
} from '@payfan/contracts';
import { BrokerSetupError, setUpBroker } from './setup-broker.ts';

/** A variable that has to be set; `what` ends the sentence that asks for it. */
function required(name: string, what: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new SetupConfigError(`${name} is missing: ${what}.`);
  return value;
}

try {
  const adminUrl = required(
    'RABBITMQ_ADMIN_URL',
    'it says where the management API is, with the name and password of an administrator: http://user:password@host:15672',
  );
  if (!URL.canParse(adminUrl)) {
    throw new SetupConfigError('RABBITMQ_ADMIN_URL must be a URL such as http://user:password@host:15672.');
  }
  const channels = required('CHANNELS', 'it names the channels, such as push,phone,email')
    .split(',')
    .map((name) => name.trim());
  const wrong = channels.find((channel) => !CHANNEL_NAME.test(channel));
  if (wrong !== undefined) {
    throw new SetupConfigError(
      `CHANNELS must be names of channels separated by commas, such as push,phone,email, but "${wrong}" is not the name of a channel.`,
    );
  }
  const services = brokerServices(channels);
  const passwords = readServicePasswords(
    { services, variable: 'AMQP_PASSWORD', holder: 'RabbitMQ user' },
    process.env,
  );
  const vhost = process.env['RABBITMQ_VHOST'] ?? '';
  await setUpBroker({ adminUrl, vhost: vhost === '' ? '/' : vhost, channels, passwords });
  process.stdout.write(`The broker is up to date. Its users: ${services.map(brokerUserName).join(', ')}\n`);
} catch (error) {
  if (!(error instanceof BrokerSetupError || error instanceof SetupConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
