import { DefaultLogger, Runtime } from '@temporalio/worker';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

// There is one in a process, and whoever makes a worker or replays a history makes it: before all of them, and once.
Runtime.install({ logger: new DefaultLogger('ERROR') });

// Workflow code runs in the thread of the tests, where the SDK would note, for the stack traces of workflows, where each
// promise of the whole process was made. No test asks for such a trace, and it takes more CPU than the workflows.
globalHandlers.installed = true;

// A worker makes a V8 context for its workflows and runs the whole bundle in it, which is most of the CPU of its start. The
// SDK keeps the workflows of one context apart: workers with the same bundle and the same activities share it here.
const contexts = new Map<string, Promise<ReusableVMWorkflowCreator>>();
const create = ReusableVMWorkflowCreator.create.bind(ReusableVMWorkflowCreator);
ReusableVMWorkflowCreator.create = ((bundle, timeoutMs, activities, onPatch) => {
  const key = [...activities].sort().join() + bundle.code;
  const shared = contexts.get(key) ?? create(bundle, timeoutMs, activities, onPatch).then(lasting);
  contexts.set(key, shared);
  return shared;
}) as typeof ReusableVMWorkflowCreator.create;

/** It is not gone with the first of its workers. */
function lasting(creator: ReusableVMWorkflowCreator): ReusableVMWorkflowCreator {
  creator.destroy = async () => undefined;
  return creator;
}
