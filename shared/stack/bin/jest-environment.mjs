// Jest's Node environment, except that a file of integration tests begins when Postgres and RabbitMQ
// are there: a first start may take longer than a test is given.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

const TIMEOUT_MS = 300_000;

export default class PayfanEnvironment extends TestEnvironment {
  #needsServers;

  constructor(config, context) {
    super(config, context);
    const inTests = context.testPath.startsWith(path.join(config.projectConfig.rootDir, 'tests') + path.sep);
    this.#needsServers = inTests || context.testPath.endsWith('.int.test.ts');
  }

  async setup() {
    await super.setup();
    const folder = process.env.PAYFAN_TEST_RUN;
    if (!this.#needsServers || folder === undefined) return;
    const deadline = Date.now() + TIMEOUT_MS;
    const file = path.join(folder, 'infrastructure.json');
    while (!existsSync(file) && Date.now() < deadline) await delay(50);
  }
}
