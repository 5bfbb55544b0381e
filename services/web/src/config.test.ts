import { ConfigError, readWebConfig } from './config.ts';

const SERVICE_KEY = 'key-of-web';

test('with its key alone it finds everything where npm start has it, and offers nobody', () => {
  expect(readWebConfig({ SERVICE_KEY })).toEqual({
    transactionUrl: 'http://127.0.0.1:4000',
    serviceKey: SERVICE_KEY,
    trustedProxies: 0,
    publicAddresses: {
      transaction: 'http://127.0.0.1:4000',
      gateway: 'http://127.0.0.1:4010',
      payout: 'http://127.0.0.1:4020',
      operations: 'http://127.0.0.1:4030',
      push: 'http://127.0.0.1:4041',
    },
    demo: false,
    mailUrl: undefined,
    smsUrl: undefined,
    metricsToken: undefined,
    isDevelopment: false,
  });
});

test('what is set counts, empty is unset, and a slash at the end is none', () => {
  const read = readWebConfig({
    SERVICE_KEY,
    TRANSACTION_URL: 'http://transaction:4000/',
    PUBLIC_GATEWAY_URL: ' https://live.example.com ',
    PUBLIC_PUSH_URL: '',
    PAYFAN_DEMO: 'true',
    MAIL_URL: 'http://mailhog:8025',
    TRUSTED_PROXIES: '10',
  });
  expect(read).toMatchObject({
    transactionUrl: 'http://transaction:4000',
    publicAddresses: { gateway: 'https://live.example.com', push: 'http://127.0.0.1:4041' },
    demo: true,
    trustedProxies: 10,
    mailUrl: 'http://mailhog:8025',
  });
});

test('inboxes are read in a demo alone, whatever their addresses are', () => {
  const addresses = { SERVICE_KEY, MAIL_URL: 'http://mailhog:8025', SMS_URL: 'http://sms' };
  const inboxes = (demo: string) => {
    const { mailUrl, smsUrl } = readWebConfig({ ...addresses, PAYFAN_DEMO: demo });
    return [mailUrl, smsUrl];
  };
  expect(inboxes('true')).toEqual(['http://mailhog:8025', 'http://sms']);
  expect(inboxes('false')).toEqual([undefined, undefined]);
});

test('all mistakes are reported at once, a sentence for each, without a password', () => {
  const wrong = {
    TRANSACTION_URL: 'transaction:4000',
    PAYFAN_DEMO: 'yes',
    SMS_URL: 'smtp://user:geheim@sms',
    TRUSTED_PROXIES: '11',
  };
  const read = () => readWebConfig(wrong);
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(
    [
      'TRANSACTION_URL must be a URL that starts with http:// or https://, but it is "transaction:4000".',
      'SERVICE_KEY must be the API key that SERVICE_KEYS of the transaction service has for web, but it is not set.',
      'TRUSTED_PROXIES must be a whole number from 0 to 10, but it is "11".',
      'PAYFAN_DEMO must be true or false, but it is "yes".',
      'SMS_URL must be a URL that starts with http:// or https://, but it is something else (not shown, it may be secret).',
    ].join('\n'),
  );
});
