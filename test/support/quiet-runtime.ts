import { DefaultLogger, Runtime } from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

// There is one in a process, and whoever makes a worker or replays a history makes it: before all of them, and once.
Runtime.install({ logger: new DefaultLogger('ERROR') });

// Workflow code runs in the thread of the tests, where the SDK would note, for the stack traces of workflows, where each
// promise of the whole process was made. No test asks for such a trace, and it takes more CPU than the workflows.
globalHandlers.installed = true;
