import { DefaultLogger, Runtime } from '@temporalio/worker';

// There is one in a process, and whoever makes a worker or replays a history makes it: before all of them, and once.
Runtime.install({ logger: new DefaultLogger('ERROR') });
