import { readdirSync } from 'node:fs';
import path from 'node:path';
import { services } from '@payfan/stack/testing';
import { DECISIONS, type Decision } from '../e2e/access-decisions.ts';
import { render } from './kustomize.ts';
import { environmentOf, deployments, specsOf } from './workloads.ts';

interface Rule {
  matches: { path: { type: 'Exact' | 'PathPrefix'; value: string } }[];
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

test('streams of the gateway have no timeout, and other requests have one', () => {
  const gateway = routes.find(({ name }) => name === 'gateway');
  expect(gateway?.rules.map(({ timeouts }) => timeouts)).toEqual([{ request: '0s' }]);
  for (const { rules } of routes) for (const rule of rules) expect(rule.timeouts).toBeDefined();
});

/** Whether a Gateway passes a request to the Service. The longest path that fits decides, and exact ones come first. */
function isPublic(name: string, asked: string): boolean {
  const fitting = routes
    .filter((route) => route.name === name)
    .flatMap(({ rules }) => rules.flatMap((rule) => rule.matches.map((match) => ({ rule, ...match.path }))))
    .filter(({ type, value }) => asked === value || (type === 'PathPrefix' && asked.startsWith(`${value}/`)))
    .sort((one, other) => one.type.localeCompare(other.type) || other.value.length - one.value.length);
  return fitting[0]?.rule.backendRefs !== undefined;
}

const isForServicesAlone = ({ account, operator }: Decision) => account === 403 && operator === 403;

test.each(routes.filter(({ name }) => name !== 'web'))(
  'clients reach the routes of $name, but not those that only services may call',
  ({ name }) => {
    const decided = Object.entries(DECISIONS[name] ?? {});
    expect(decided).not.toEqual([]);
    const asked = decided.map(([route, decision]) => ({ route: route.split(' ')[1] ?? '', decision }));
    expect(asked.map(({ route }) => [route, isPublic(name, route)])).toEqual(
      asked.map(({ route, decision }) => [route, !isForServicesAlone(decision)]),
    );
    for (const page of ['/docs', '/docs/init.js', '/openapi.json'])
      expect([page, isPublic(name, page)]).toEqual([page, true]);
  },
);

test('neither the batches of payout workers nor paths below theirs are public', () => {
  const paths = ['/v1/transfers/batch', '/v1/transfers/batch/', '/v1/transfers/batch/x'];
  expect(paths.filter((one) => isPublic('transaction', one))).toEqual([]);
  const [filter] = specs('HTTPRouteFilter');
  const refused = routes.flatMap(({ rules }) => rules.filter(({ backendRefs }) => backendRefs === undefined));
  expect(refused.flatMap(({ filters = [] }) => filters)).toMatchObject([
    { extensionRef: { name: filter?.name } },
  ]);
});

test('no spelling of the path of metrics or of a probe is public', () => {
  const spellings = ['/metrics', '/livez', '/readyz'].flatMap((one) => [
    ...[one, `${one}/`, `/${one}`, `${one}/x`, one.toUpperCase(), `/.${one}`, `${one}#`, `${one}%2f`],
  ]);
  for (const { name } of routes) expect(spellings.filter((one) => isPublic(name, one))).toEqual([]);
});

/** What `web` serves to probes, to Prometheus, and in a demo. */
const NO_PAGES = ['/inbox/mail', '/inbox/sms', '/livez', '/metrics', '/readyz'];

test('every page is public, with the files that it needs', () => {
  const folder = path.resolve(__dirname, '../../services/web/src/app');
  const served = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)(page\.tsx|route\.ts)$/.test(file))
    .map((file) => `/${path.dirname(file)}`.replace('/.', '/'));
  expect(served.filter((one) => !isPublic('web', one)).sort()).toEqual(NO_PAGES);
  const files = ['/icon.svg', '/sw.js', '/_next/static/chunks/x.js', '/_next/image'];
  expect(files.filter((one) => !isPublic('web', one))).toEqual([]);
});

test('channels that no page asks are not public', () => {
  const hasHost = (name: string) => routes.some((route) => route.name === name);
  expect(services.map(({ name }) => name).filter((name) => !hasHost(name))).toEqual(
    expect.arrayContaining(['phone', 'email', 'payout-worker-premium', 'payout-worker-free']),
  );
});
