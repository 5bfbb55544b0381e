import { createServer, type AddressInfo } from 'node:net';
import { freePort } from './ports.ts';
import { BadPort, chooseServicePorts, infrastructurePort, portSetting, PortTaken } from './port-choice.ts';
import type { Service } from './services.ts';

const service = (name: string, port: number): Service => ({
  name,
  port,
  entry: '',
  portVariable: `${name.toUpperCase()}_PORT`,
  hasDatabase: false,
  environment: () => ({}),
});

const server = createServer();
let taken = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  taken = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('each service has its usual port, or the one that its variable names', async () => {
  const [usual, other, named] = [await freePort(), await freePort(), await freePort()];
  const ports = await chooseServicePorts([service('push', usual), service('email', other)], {
    usualPorts: true,
    env: { EMAIL_PORT: String(named), PUSH_PORT: '' },
  });
  expect(Object.fromEntries(ports)).toEqual({ push: usual, email: named });
});

test('a taken one is an error that says what to do', async () => {
  const choice = chooseServicePorts([service('push', taken)], { usualPorts: true, env: {} });
  await expect(choice).rejects.toThrow(PortTaken);
  await expect(choice).rejects.toThrow(
    `PUSH_PORT=${taken < 50_000 ? taken + 10_000 : taken - 10_000} npm start`,
  );
});

test('a run that nobody looks into takes free ports, except where one is named', async () => {
  const usual = await freePort();
  const ports = await chooseServicePorts([service('push', usual)], { usualPorts: false, env: {} });
  expect(ports.get('push')).not.toBe(usual);
  const named = { usualPorts: false, env: { PUSH_PORT: String(taken) } };
  await expect(chooseServicePorts([service('push', usual)], named)).rejects.toThrow(PortTaken);
});

test('infrastructure: a taken port that was named is an error, and else gives way', async () => {
  const named = await freePort();
  const env = { MAIL_PORT: String(named) };
  expect(await infrastructurePort('MAIL_PORT', { usualPorts: true, env })).toBe(named);
  const bad = infrastructurePort('MAIL_PORT', { usualPorts: true, env: { MAIL_PORT: String(taken) } });
  await expect(bad).rejects.toThrow(PortTaken);
  expect(await infrastructurePort('MAIL_PORT', { usualPorts: false, env: {} })).not.toBe(8025);
});

test('two services may not be given one port', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const env = { EMAIL_PORT: String(one) };
  const choice = chooseServicePorts([service('push', one), service('email', two)], { usualPorts: true, env });
  await expect(choice).rejects.toThrow(PortTaken);
});

test.each(['0', '65536', '4000.5', 'x'])('EMAIL_PORT=%s is refused', (value) => {
  expect(() => portSetting('EMAIL_PORT', { EMAIL_PORT: value })).toThrow(BadPort);
});
