import {
  brokerTopology,
  brokerUserName,
  brokerUsers,
  type BrokerUser,
  type Queue,
  type Topology,
} from '@payfan/contracts';
import { ManagementError, openManagement, type Management } from './management.ts';

export interface SetUpBrokerOptions {
  /** RabbitMQ's management API, with user and password of an administrator. */
  adminUrl: string;
  vhost: string;
  channels: readonly string[];
  /** Of every service's user. */
  passwords: Readonly<Record<string, string>>;
}

/** The broker cannot be set up as it is; the message says what to do. */
export class BrokerSetupError extends Error {
  override readonly name = 'BrokerSetupError';
}

/**
 * Brings a broker up to date before any service starts: declares everything that the services use, and gives each
 * service a user with the rights of `brokerUsers`. Changes nothing where that is done already, so it may run again at any
 * time, and twice at once.
 *
 * @throws BrokerSetupError
 */
export async function setUpBroker({
  adminUrl,
  vhost,
  channels,
  passwords,
}: SetUpBrokerOptions): Promise<void> {
  const management = openManagement(adminUrl);
  await expectAdministrator(management, adminUrl);
  const topology = brokerTopology(channels);
  await deleteOutdatedQueues(management, vhost, topology);
  await management.post('definitions', {
    ...usersOf(brokerUsers(channels), vhost, passwords),
    ...definitionsOf(topology, vhost),
  });
}

async function expectAdministrator(management: Management, adminUrl: string): Promise<void> {
  const { host, username } = new URL(adminUrl);
  const remedy = `RABBITMQ_ADMIN_URL must hold the name and password of a user with the tag administrator (rabbitmqctl set_user_tags ${decodeURIComponent(username)} administrator).`;
  let tags: string | string[];
  try {
    ({ tags } = (await management.get('whoami')) as { tags: string | string[] });
  } catch (error) {
    if (!(error instanceof ManagementError)) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new BrokerSetupError(
        `RabbitMQ's management API does not answer at ${host} (${String(cause)}): RABBITMQ_ADMIN_URL must say where it is.`,
        { cause: error },
      );
    }
    throw new BrokerSetupError(`RabbitMQ does not know this user or its password. ${remedy}`, {
      cause: error,
    });
  }
  if (tags.includes('administrator')) return;
  throw new BrokerSetupError(`This user of RabbitMQ may not make users. ${remedy}`);
}

interface HeldQueue {
  name: string;
  arguments: Record<string, unknown>;
  consumers?: number;
  messages_unacknowledged?: number;
}

/**
 * The arguments of a queue cannot change, so a queue of an earlier version has to go first. Messages of an earlier
 * version do not say who published them, and services would refuse them: so every queue of the same owner has to be empty.
 */
async function deleteOutdatedQueues(
  management: Management,
  vhost: string,
  { queues }: Topology,
): Promise<void> {
  const path = `queues/${encodeURIComponent(vhost)}`;
  const wanted = new Map(queues.map((queue) => [queue.name, queue]));
  const held = (await listQueues(management, vhost)).filter(({ name }) => wanted.has(name));
  const outdated = held.filter((queue) => !hasArguments(queue, wanted.get(queue.name)));
  const owners = new Set(outdated.map(ownerOf));
  for (const queue of held.filter((one) => owners.has(ownerOf(one)))) {
    await expectUnused(management, path, queue);
  }
  for (const { name } of outdated) {
    await management.delete(`${path}/${encodeURIComponent(name)}`).catch((error: unknown) => {
      // Another run deleted it at the same time.
      if (!(error instanceof ManagementError && error.status === 404)) throw error;
    });
  }
}

async function listQueues(management: Management, vhost: string): Promise<HeldQueue[]> {
  try {
    return (await management.get(`queues/${encodeURIComponent(vhost)}`)) as HeldQueue[];
  } catch (error) {
    if (!(error instanceof ManagementError && error.status === 404)) throw error;
    throw new BrokerSetupError(
      `RabbitMQ has no vhost '${vhost}': RABBITMQ_VHOST must name one that exists (rabbitmqctl add_vhost ${vhost}).`,
      { cause: error },
    );
  }
}

async function expectUnused(management: Management, path: string, queue: HeldQueue): Promise<void> {
  const { name, consumers = 0, messages_unacknowledged: inHand = 0 } = queue;
  const before = `The queue ${name} belongs to an earlier version of Payfan and has to be declared again`;
  if (consumers > 0) {
    throw new BrokerSetupError(`${before}: stop the services of that version, then run this again.`);
  }
  // The statistics of the management API may be some seconds old, so the queue itself is asked.
  const found = (await management.post(`${path}/${encodeURIComponent(name)}/get`, {
    count: 1,
    ackmode: 'ack_requeue_true',
    encoding: 'auto',
  })) as unknown[];
  if (found.length === 0 && inHand === 0) return;
  throw new BrokerSetupError(
    `${before}, but it holds messages: start that version again until its queues are empty, stop it, then run this again.`,
  );
}

/** The service that owns a queue: `email` for `email.retry.5s`. */
const ownerOf = ({ name }: Pick<Queue, 'name'>): string => name.slice(0, name.indexOf('.'));

function hasArguments(held: HeldQueue, wanted: Queue | undefined): boolean {
  const sorted = (args: Record<string, unknown>) => JSON.stringify(Object.entries(args).sort());
  return wanted !== undefined && sorted(held.arguments) === sorted(wanted.arguments);
}

/** In the form of the management API's definitions. */
function usersOf(
  users: readonly BrokerUser[],
  vhost: string,
  passwords: Readonly<Record<string, string>>,
): Record<string, object[]> {
  return {
    users: users.map(({ service, tags }) => {
      const password = passwords[service];
      if (password === undefined) throw new BrokerSetupError(`The user of ${service} has no password.`);
      return { name: brokerUserName(service), password, tags };
    }),
    permissions: users.map(({ service, configure, write, read }) => ({
      user: brokerUserName(service),
      vhost,
      configure,
      write,
      read,
    })),
    topic_permissions: users.flatMap(({ service, topics }) =>
      topics.map((topic) => ({ user: brokerUserName(service), vhost, ...topic })),
    ),
  };
}

function definitionsOf({ exchanges, queues, bindings }: Topology, vhost: string): Record<string, object[]> {
  const kept = { vhost, durable: true, auto_delete: false };
  return {
    exchanges: exchanges.map((exchange) => ({ ...kept, ...exchange, internal: false, arguments: {} })),
    queues: queues.map((queue) => ({ ...kept, ...queue })),
    bindings: bindings.map(({ exchange, queue, routingKey }) => ({
      vhost,
      source: exchange,
      destination: queue,
      destination_type: 'queue',
      routing_key: routingKey,
      arguments: {},
    })),
  };
}
