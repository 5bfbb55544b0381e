import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assertReadable, hasData } from './rabbitmq-data.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-rabbitmq-data-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The format of RabbitMQ, with some of the flags that a new broker of each series enables. */
const FLAGS = {
  '3.10': '[classic_mirrored_queue_version,drop_unroutable_metric,\n quorum_queue,virtual_host_metadata].\n',
  '3.11': '[feature_flags_v2,quorum_queue,virtual_host_metadata].\n',
  '3.12': '[feature_flags_v2,quorum_queue,restart_streams,\n virtual_host_metadata].\n',
  '3.13': '[feature_flags_v2,message_containers,quorum_queue,\n restart_streams,virtual_host_metadata].\n',
  '4.0':
    "[feature_flags_v2,message_containers,message_containers_deaths_v2,\n 'rabbitmq_4.0.0',restart_streams].\n",
  '4.1': "[feature_flags_v2,message_containers,'rabbitmq_4.0.0',\n 'rabbitmq_4.1.0',restart_streams].\n",
  '4.2':
    "[khepri_db,message_containers,'rabbitmq_4.0.0','rabbitmq_4.1.0',\n 'rabbitmq_4.2.0',restart_streams].\n",
  '4.3':
    "[khepri_db,message_containers,'rabbitmq_4.0.0','rabbitmq_4.1.0',\n 'rabbitmq_4.2.0','rabbitmq_4.3.0'].\n",
};

function write(by: keyof typeof FLAGS): void {
  mkdirSync(path.join(folder, 'payfan@localhost'));
  writeFileSync(path.join(folder, 'payfan@localhost-feature_flags'), FLAGS[by]);
}

test.each([
  ['3.10', '3.10.8'],
  ['3.10', '3.11.28'],
  ['3.11', '3.12.14'],
  ['3.12', '3.13.7'],
  ['3.13', '4.0.5'],
  ['3.13', '4.2.5'],
  ['4.0', '4.0.9'],
  ['4.0', '4.2.5'],
  ['4.1', '4.2.5'],
  ['4.2', '4.3.6'],
  ['4.3', '4.3.6'],
  ['4.3', '4.4.0'],
] as const)('data of RabbitMQ %s is taken over by %s', (by, version) => {
  write(by);
  expect(() => assertReadable(folder, version)).not.toThrow();
});

test.each([
  ['3.10', '3.12.14', '3.10 or earlier', 'takes over data of RabbitMQ 3.11 and later only'],
  ['3.11', '3.13.7', '3.11', 'takes over data of RabbitMQ 3.12 and later only'],
  ['3.10', '4.0.5', '3.10 or earlier', 'takes over data of RabbitMQ 3.13 and later only'],
  ['3.12', '4.2.5', '3.12', 'takes over data of RabbitMQ 3.13 and later only'],
  ['3.13', '4.3.6', '3.13', 'takes over data of RabbitMQ 4.2 and later only'],
  ['4.0', '4.3.6', '4.0', 'takes over data of RabbitMQ 4.2 and later only'],
  ['4.1', '4.3.6', '4.1', 'takes over data of RabbitMQ 4.2 and later only'],
  ['4.1', '4.10.0', '4.1', 'takes over data of RabbitMQ 4.2 and later only'],
  ['3.13', '3.10.8', '3.13', 'cannot read data of a later version'],
  ['4.0', '3.10.8', '4.0', 'cannot read data of a later version'],
  ['4.3', '4.0.5', '4.3', 'cannot read data of a later version'],
] as const)(
  'data of %s stops a start of %s, with the reason and what to do',
  (by, version, named, reason) => {
    write(by);
    expect(() => assertReadable(folder, version)).toThrow(
      `The broker's data has the feature flags of RabbitMQ ${named}, but RabbitMQ ${version} is installed, ` +
        `which ${reason}. To keep the data, install a version that can read it, and upgrade as ` +
        'https://www.rabbitmq.com/docs/upgrade says. To delete all data of Payfan, run `npm run reset`.',
    );
  },
);

test('a folder without data stops no broker', () => {
  expect(hasData(folder)).toBe(false);
  expect(hasData(path.join(folder, 'none'))).toBe(false);
  expect(() => assertReadable(folder, '4.3.6')).not.toThrow();
});
