import { services } from '@payfan/stack/testing';
import { render } from './kustomize.ts';
import { environmentOf, deployments, specsOf } from './workloads.ts';

interface Rule {
  matches?: { path: { type: string; value: string } }[];
  backendRefs?: { name: string; port: number }[];
  filters?: { extensionRef?: { name: string } }[];
  timeouts?: { request: string };
}
interface Route {
  parentRefs: { sectionName: string }[];
  hostnames?: string[];
  rules: Rule[];
}
interface BackendTls {
  targetRefs: { name: string }[];
  validation: { hostname: string; caCertificateRefs: { kind: string; name: string }[] };
}
interface Certificate {
  secretName: string;
  dnsNames: string[];
}

const manifests = render('gateway-api');
const specs = <T>(kind: string): (T & { name: string })[] =>
  manifests
    .filter((manifest) => manifest.kind === kind)
    .map(({ metadata, spec }) => ({ ...(spec as T), name: metadata.name }));
const routes = specs<Route>('HTTPRoute').filter(({ rules }) => rules.some((rule) => rule.backendRefs));
const notPublic = specs<Route>('HTTPRoute').find(({ name }) => name === 'not-public');

const environmentNamed = (name: string) => {
  const container = deployments.find((one) => one.name === name)?.container;
  return container === undefined ? {} : environmentOf(container);
};
const web = environmentNamed('web');
const hostOf = (url = '') => new URL(url).hostname;
/** Where browsers find each Service, by what `settings.env` tells the pages. */
const publicHosts: Record<string, string> = {
  web: hostOf(environmentNamed('transaction')['ALLOWED_ORIGINS']),
  ...Object.fromEntries(
    ['transaction', 'gateway', 'payout', 'operations', 'push'].map((name) => [
      name,
      hostOf(web[`PUBLIC_${name.toUpperCase()}_URL`]),
    ]),
  ),
};

test('every address that pages are given leads to its Service, and no other Service is public', () => {
  const led = routes.map(({ hostnames, rules }) => [rules[0]?.backendRefs?.[0]?.name, hostnames]);
  expect(Object.fromEntries(led)).toEqual(
    Object.fromEntries(Object.entries(publicHosts).map(([name, host]) => [name, [host]])),
  );
  const ports = new Map(
    specsOf<{ ports: { port: number }[] }>('Service').map(({ name, ports: [first] }) => [name, first?.port]),
  );
  for (const { rules } of routes)
    for (const { backendRefs = [] } of rules)
      for (const { name, port } of backendRefs) expect([name, port]).toEqual([name, ports.get(name)]);
});

test('clients come by TLS alone, with a certificate for each address', () => {
  for (const { parentRefs } of routes) expect(parentRefs).toEqual([{ name: 'public', sectionName: 'https' }]);
  const [certificate] = specs<Certificate>('Certificate');
  expect(certificate?.dnsNames.toSorted()).toEqual(Object.values(publicHosts).sort());
  expect(specs('Gateway')).toMatchObject([
    { listeners: [{ name: 'http' }, { tls: { certificateRefs: [{ name: certificate?.secretName }] } }] },
  ]);
});

test('the proxies verify each service that answers by https, under a name of its certificate', () => {
  const certificates = specsOf<Certificate>('Certificate');
  const verified = specs<BackendTls>('BackendTLSPolicy').map(({ targetRefs, validation }) => {
    const [{ name } = { name: '' }] = targetRefs;
    const certificate = certificates.find((one) => one.name === name);
    expect(certificate?.dnsNames).toContain(validation.hostname);
    expect(validation.caCertificateRefs).toMatchObject([{ kind: 'Secret', name: certificate?.secretName }]);
    return name;
  });
  const overTls = routes.filter(({ name }) => environmentNamed(name)['TLS_CERT_FILE'] !== undefined);
  expect(verified.sort()).toEqual(overTls.map(({ name }) => name).sort());
});

test('streams of the gateway have no timeout; what only programs use is not public', () => {
  const gateway = routes.find(({ name }) => name === 'gateway');
  expect(gateway?.rules.map(({ timeouts }) => timeouts)).toEqual([{ request: '0s' }]);
  for (const { rules } of routes) for (const rule of rules) expect(rule.timeouts).toBeDefined();
  expect(notPublic?.hostnames?.toSorted()).toEqual(Object.values(publicHosts).sort());
  expect(notPublic?.rules.flatMap(({ matches = [] }) => matches.map(({ path }) => path))).toEqual([
    { type: 'Exact', value: '/v1/transfers/batch' },
    { type: 'Exact', value: '/metrics' },
  ]);
  expect(notPublic?.rules[0]?.filters?.[0]?.extensionRef?.name).toBe(specs('HTTPRouteFilter')[0]?.name);
});

test('channels that no page asks are not public', () => {
  const isPublic = (name: string) => routes.some((route) => route.name === name);
  expect(services.map(({ name }) => name).filter((name) => !isPublic(name))).toEqual(
    expect.arrayContaining(['phone', 'email', 'payout-worker-premium', 'payout-worker-free']),
  );
});
