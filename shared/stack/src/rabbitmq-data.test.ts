import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assertReadable, hasData } from './rabbitmq-data.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-rabbitmq-data-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** As brokers write them. */
const FLAGS = {
  '3.10': '[classic_mirrored_queue_version,drop_unroutable_metric,\n quorum_queue,virtual_host_metadata].\n',
  '3.13': '[message_containers,quorum_queue,virtual_host_metadata].\n',
  '4.0': "[message_containers,message_containers_deaths_v2,quorum_queue,\n 'rabbitmq_4.0.0'].\n",
  '4.3':
    "[khepri_db,message_containers,'rabbitmq_4.0.0','rabbitmq_4.1.0',\n 'rabbitmq_4.2.0','rabbitmq_4.3.0'].\n",
};

function write(by: keyof typeof FLAGS): void {
  mkdirSync(path.join(folder, 'payfan@localhost'));
  writeFileSync(path.join(folder, 'payfan@localhost-feature_flags'), FLAGS[by]);
}

test.each([
  ['3.10', '3.10.8'],
  ['3.10', '3.13.7'],
  ['3.13', '4.0.5'],
  ['4.0', '4.0.9'],
  ['4.0', '4.3.6'],
  ['4.3', '4.3.6'],
] as const)('data of RabbitMQ %s can be read by %s', (by, version) => {
  write(by);
  expect(() => assertReadable(folder, version)).not.toThrow();
});

test.each([
  ['3.10', '4.0.5', 'a RabbitMQ before 3.13'],
  ['3.10', '4.3.6', 'a RabbitMQ before 3.13'],
  ['3.13', '3.10.8', 'RabbitMQ 3.13'],
  ['4.3', '4.0.5', 'RabbitMQ 4.3'],
  ['4.3', '3.10.8', 'RabbitMQ 4.3'],
  ['4.0', '3.10.8', 'RabbitMQ 4.0'],
] as const)('data of %s stops a start of %s, with what to do', (by, version, named) => {
  write(by);
  expect(() => assertReadable(folder, version)).toThrow(
    new RegExp(`written by ${named}, and here is ${version},.*Install the earlier.*npm run reset`),
  );
});

test('a folder without data stops no broker', () => {
  expect(hasData(folder)).toBe(false);
  expect(hasData(path.join(folder, 'none'))).toBe(false);
  expect(() => assertReadable(folder, '4.3.6')).not.toThrow();
});
