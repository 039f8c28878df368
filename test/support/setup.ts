// Runs before each file; what it imports is loaded once in a process.
import './quiet-runtime.js';
import { afterEach } from 'vitest';

// Of a test that succeeds when it is tried again, the reporters do not show why it had failed.
afterEach(({ task }) => {
  const { state, errors = [], retryCount = 0 } = task.result ?? {};
  if (state !== 'fail' || retryCount >= Number(task.retry ?? 0)) return;
  for (const { stack, message } of errors.slice(-1))
    process.stderr.write(`To be tried again: ${task.name}\n${stack ?? message}\n`);
});
