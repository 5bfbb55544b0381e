import {
  linesFromNamespaces,
  linesIn,
  linesOut,
  selects,
  type NetworkPolicy,
  type Peer,
  type Pod,
} from './policies.ts';
import { deployments, environmentOf, jobs, specsOf } from './workloads.ts';

const policies = specsOf<Omit<NetworkPolicy, 'name'>>('NetworkPolicy');
const programs = [...deployments, ...jobs];
const POSTGRES: Pod = { name: 'postgres', labels: { 'cnpg.io/cluster': 'postgres' } };
const RABBITMQ: Pod = { name: 'rabbitmq', labels: { 'app.kubernetes.io/name': 'rabbitmq' } };
const pods: Pod[] = [...programs, POSTGRES, RABBITMQ];

/** Which pods answer behind a host name of the namespace. */
const behind: Record<string, string> = {
  'postgres-rw': 'postgres',
  rabbitmq: 'rabbitmq',
  'rabbitmq.payfan.svc': 'rabbitmq',
  ...Object.fromEntries(
    specsOf<{ selector: { app: string } }>('Service').map(({ name, selector }) => [name, selector.app]),
  ),
};

/** `from -> to:port` for every address inside the namespace that a program's environment names. */
const linesOfEnvironments = programs.flatMap(({ name, container }) =>
  Object.values(environmentOf(container)).flatMap((value) =>
    [...value.matchAll(/\b(?:https|amqps|postgres):\/\/(?:[^@/,]*@)?([a-z.-]+):(\d+)/g)].flatMap(
      ([, host = '', port]) => (behind[host] === undefined ? [] : [`${name} -> ${behind[host]}:${port}`]),
    ),
  ),
);

/** Members of one cluster among themselves. */
const linesOfClusters = [
  ...['5432', '8000'].map((port) => `postgres -> postgres:${port}`),
  ...['4369', '25672', '35672-35682'].map((port) => `rabbitmq -> rabbitmq:${port}`),
];

test('nothing is allowed that no policy allows, for any pod and both ways', () => {
  expect(policies.find(({ name }) => name === 'default-deny')).toEqual({
    ...{ name: 'default-deny', podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
});

test('what clients may reach, what servers accept and what environments name are the same lines', () => {
  const wanted = new Set([...linesOfEnvironments, ...linesOfClusters]);
  expect([...linesOut(policies, pods)].sort()).toEqual([...wanted].sort());
  expect([...linesIn(policies, pods)].sort()).toEqual([...wanted].sort());
});

test.each(policies)('the policy $name selects a pod, and says in which directions it holds', (policy) => {
  expect(pods.filter((pod) => selects(policy.podSelector, pod))).not.toEqual([]);
  for (const [direction, rules] of [
    ['Ingress', policy.ingress],
    ['Egress', policy.egress],
  ] as const)
    if (rules !== undefined) expect(policy.policyTypes).toContain(direction);
});

test('from outside the namespace come clients by the Gateway, Prometheus, and the operators', () => {
  const isPublic = ({ name }: Pod) =>
    ['web', 'transaction', 'gateway', 'payout', 'operations', 'push'].includes(name);
  expect(linesFromNamespaces(policies, pods).sort()).toEqual(
    [
      ...deployments.filter(isPublic).map(({ name }) => `envoy-gateway-system -> ${name}:http`),
      ...deployments.map(({ name }) => `monitoring -> ${name}:http`),
      ...['monitoring -> postgres:9187', 'monitoring -> rabbitmq:15691'],
      ...['cnpg-system -> postgres:5432', 'cnpg-system -> postgres:8000'],
      ...['rabbitmq-system -> rabbitmq:15671', 'keda -> rabbitmq:5671'],
    ].sort(),
  );
});

test('only programs that speak to the world outside may leave the namespace', () => {
  const leaves = ({ to }: { to?: Peer[] }) =>
    to === undefined || to.some(({ ipBlock }) => ipBlock !== undefined);
  const leaving = policies.filter(({ egress = [] }) => egress.some(leaves));
  const who = leaving.flatMap(({ podSelector }) => pods.filter((pod) => selects(podSelector, pod)));
  // An instance of PostgreSQL reports to the Kubernetes API.
  expect(who.map(({ name }) => name).sort()).toEqual(['email', 'phone', 'postgres', 'push']);
});

test('push reaches no private address, as subscriptions name where it sends', () => {
  const [rule] = policies.find(({ name }) => name === 'to-push-services')?.egress ?? [];
  expect(rule?.to?.map(({ ipBlock }) => ipBlock)).toEqual([
    {
      cidr: '0.0.0.0/0',
      except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
    },
    { cidr: '2000::/3' },
  ]);
});
