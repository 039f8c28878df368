// Prints `N passed, N failed` from vitest's JSON report, and fails where a test failed or none ran.
import { readFileSync } from 'node:fs';

const read = () => {
  try {
    return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, success: false };
  }
};
const { numPassedTests, numFailedTests, success } = read();
process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed\n`);
process.exitCode = success && numPassedTests > 0 ? 0 : 1;
