import { withCopies } from './copies.ts';
import { chooseServicePorts } from './port-choice.ts';
import { freePort } from './ports.ts';
import { services } from './services.ts';

test('copies come after their service, run its program and have the same settings', () => {
  const names = withCopies(services, { gateway: 3 }).map(({ name }) => name);
  const expected = services.flatMap(({ name }) =>
    name === 'gateway' ? [name, 'gateway-2', 'gateway-3'] : [name],
  );
  expect(names).toEqual(expected);
  const [first, second] = withCopies(services, { gateway: 2 }).filter(({ name }) =>
    name.startsWith('gateway'),
  );
  expect(second).toMatchObject({ entry: first?.entry, environment: first?.environment });
  expect(withCopies(services, {})).toEqual(services);
});

test('each has a port of its own: a free one, or the one that is named', async () => {
  const [gateway] = services.filter(({ name }) => name === 'gateway');
  if (gateway === undefined) throw new Error('there is no gateway');
  const named = await freePort();
  const first = await freePort();
  const ports = await chooseServicePorts(withCopies([gateway], { gateway: 3 }), {
    usualPorts: true,
    env: { GATEWAY_PORT: String(first), GATEWAY_3_PORT: String(named) },
  });
  expect([ports.get('gateway'), ports.get('gateway-3')]).toEqual([first, named]);
  expect(new Set(ports.values()).size).toBe(3);
});
