// Leaves the counts of a test run in .payfan, for scripts: in test-report.json, or the file it is told.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../.payfan');

export default class Report {
  #file;

  constructor(_config, { file = 'test-report.json' } = {}) {
    this.#file = path.join(folder, file);
  }

  onRunComplete(_contexts, results) {
    const { numTotalTests, numPassedTests, numFailedTests, numPendingTests, numTotalTestSuites } = results;
    const { numFailedTestSuites, numRuntimeErrorTestSuites, success, startTime } = results;
    const failed = results.testResults
      .filter((suite) => suite.numFailingTests > 0 || suite.testExecError)
      .map((suite) => path.relative(path.dirname(folder), suite.testFilePath));
    const report = {
      success,
      numTotalTests,
      numPassedTests,
      numFailedTests,
      numPendingTests,
      numTotalTestSuites,
      numFailedTestSuites,
      numRuntimeErrorTestSuites,
      startTime,
      failed,
    };
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(report, null, 2)}\n`);
  }
}
