// Leaves the counts of the last test run in .payfan/test-report.json, for scripts.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../.payfan/test-report.json');

export default class Report {
  onRunComplete(_contexts, results) {
    const { numTotalTests, numPassedTests, numFailedTests, numPendingTests, numTotalTestSuites } = results;
    const { numFailedTestSuites, numRuntimeErrorTestSuites, success, startTime } = results;
    const failed = results.testResults
      .filter((suite) => suite.numFailingTests > 0 || suite.testExecError)
      .map((suite) => path.relative(path.resolve(path.dirname(file), '..'), suite.testFilePath));
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
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  }
}
