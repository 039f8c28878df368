// Prints `N passed, N failed` from vitest's JSON reports, and fails where a test failed or none of a report ran.
import { readFileSync } from 'node:fs';

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, success: false };
  }
};
const reports = process.argv.slice(2).map(read);
const sum = (count) => reports.reduce((total, report) => total + report[count], 0);
process.stdout.write(`${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed\n`);
process.exitCode = reports.every(({ success, numPassedTests }) => success && numPassedTests > 0) ? 0 : 1;
