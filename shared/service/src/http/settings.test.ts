import { z } from 'zod';
import { readConfig } from '../config.ts';
import { httpConfigFields, httpSettings } from './settings.ts';

const read = (env: Record<string, string>) => httpSettings(readConfig(z.object(httpConfigFields), env));

test('without variables a program listens on all interfaces, and shows its metrics and docs', () => {
  expect(read({})).toEqual({
    host: undefined,
    metricsToken: undefined,
    docs: true,
    tls: undefined,
    trustedProxies: 0,
  });
});

test('variables restrict it', () => {
  expect(read({ PAYFAN_BIND: '::1', METRICS_TOKEN: 'abc', API_DOCS: 'false' })).toEqual({
    host: '::1',
    metricsToken: 'abc',
    docs: false,
    tls: undefined,
    trustedProxies: 0,
  });
});

test.each([
  [
    { PAYFAN_BIND: 'localhost' },
    'PAYFAN_BIND must be an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all interfaces, but it is "localhost".',
  ],
  [
    { METRICS_TOKEN: 'two words' },
    'METRICS_TOKEN must be a long random text of letters, digits and -._~+/=, but it is something else (not shown, it may be secret).',
  ],
  [{ API_DOCS: 'no' }, 'API_DOCS must be true or false, but it is "no".'],
])('%j stops the start with a sentence', (env, sentence) => {
  expect(() => read(env)).toThrow(sentence);
});

test('a certificate and its key make it serve https; one without the other stops the start', () => {
  const [TLS_CERT_FILE, TLS_KEY_FILE] = ['/tls/tls.crt', '/tls/tls.key'];
  expect(read({ TLS_CERT_FILE, TLS_KEY_FILE }).tls).toEqual({
    certFile: TLS_CERT_FILE,
    keyFile: TLS_KEY_FILE,
  });
  expect(() => read({ TLS_CERT_FILE })).toThrow(
    'TLS_CERT_FILE and TLS_KEY_FILE must both be set, or neither: TLS_KEY_FILE is not set.',
  );
  expect(() => read({ TLS_KEY_FILE })).toThrow('or neither: TLS_CERT_FILE is not set.');
});
