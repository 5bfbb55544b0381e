/** A pod of the namespace, as far as NetworkPolicies look at it. */
export interface Pod {
  name: string;
  labels: Record<string, string>;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}

export interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Port {
  port: number | string;
  endPort?: number;
}

export interface NetworkPolicy {
  name: string;
  podSelector: Selector;
  policyTypes: ('Ingress' | 'Egress')[];
  ingress?: { from: Peer[]; ports: Port[] }[];
  egress?: { to?: Peer[]; ports: Port[] }[];
}

/** Whether a selector matches a pod's labels; an empty one matches every pod. */
export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, { labels }: Pod): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`the operator ${operator} is not known here`);
      return labels[key] !== undefined && values.includes(labels[key]);
    })
  );
}

const portsOf = (ports: Port[]): string[] =>
  ports.map(({ port, endPort }) => (endPort === undefined ? `${port}` : `${port}-${endPort}`));

/** The pods of the namespace that a rule names as a peer. */
const within = (peers: Peer[], pods: Pod[]): Pod[] =>
  peers.flatMap(({ podSelector, namespaceSelector }) =>
    podSelector === undefined || namespaceSelector !== undefined
      ? []
      : pods.filter((pod) => selects(podSelector, pod)),
  );

/** Connections inside the namespace that clients may open, as `from -> to:port`. */
export function linesOut(policies: NetworkPolicy[], pods: Pod[]): Set<string> {
  const lines = policies.flatMap(({ podSelector, egress = [] }) =>
    pods
      .filter((pod) => selects(podSelector, pod))
      .flatMap((client) =>
        egress.flatMap(({ to = [], ports }) =>
          within(to, pods).flatMap((server) =>
            portsOf(ports).map((port) => `${client.name} -> ${server.name}:${port}`),
          ),
        ),
      ),
  );
  return new Set(lines);
}

/** Connections inside the namespace that servers accept, as `from -> to:port`. */
export function linesIn(policies: NetworkPolicy[], pods: Pod[]): Set<string> {
  const lines = policies.flatMap(({ podSelector, ingress = [] }) =>
    pods
      .filter((pod) => selects(podSelector, pod))
      .flatMap((server) =>
        ingress.flatMap(({ from, ports }) =>
          within(from, pods).flatMap((client) =>
            portsOf(ports).map((port) => `${client.name} -> ${server.name}:${port}`),
          ),
        ),
      ),
  );
  return new Set(lines);
}

/** Who else is let in, as `namespace -> to:port`. */
export function linesFromNamespaces(policies: NetworkPolicy[], pods: Pod[]): string[] {
  return policies.flatMap(({ podSelector, ingress = [] }) =>
    pods
      .filter((pod) => selects(podSelector, pod))
      .flatMap((server) =>
        ingress.flatMap(({ from, ports }) =>
          from.flatMap(({ namespaceSelector }) =>
            namespaceSelector === undefined
              ? []
              : portsOf(ports).map(
                  (port) =>
                    `${namespaceSelector.matchLabels?.['kubernetes.io/metadata.name']} -> ${server.name}:${port}`,
                ),
          ),
        ),
      ),
  );
}
