// Runs before each file; what it imports is loaded once in a process.
import './quiet-runtime.js';
import { afterEach, type TestError } from 'vitest';

// Of a test that succeeds when it is tried again, the reporters do not show why it had failed.
afterEach(({ task }) => {
  const { state, errors = [], retryCount = 0 } = task.result ?? {};
  if (state !== 'fail' || retryCount >= Number(task.retry ?? 0)) return;
  for (const error of errors.slice(-1))
    process.stderr.write(`To be tried again: ${task.name}\n${inFull(error)}\n`);
});

function inFull({ stack, message, diff, cause }: TestError): string {
  const because = cause && `Caused by: ${inFull(cause)}`;
  return [stack ?? message, diff, because].filter(Boolean).join('\n');
}
