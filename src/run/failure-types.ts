/** What there is to know of a type of failure. */
export interface FailureKind {
  /** The workflows that end with it, or the part of one that fails with it. */
  of: readonly string[];
  /** When it happens, in a sentence or two. */
  when: string;
  /** What to do about it, in a sentence or two. */
  remedy: string;
  /** The ending in a step's `retry.on` that starts it again; null where another attempt cannot help. */
  retry: 'ERRORED' | 'KILLED' | 'UNABLE_TO_ALLOCATE_KERNEL' | 'TIMED_OUT' | 'FAILED' | null;
}

/** The type of the list has the names in it, and not every text. */
function list<Name extends string>(kinds: Record<Name, FailureKind>): Readonly<Record<Name, FailureKind>> {
  return kinds;
}

/** Every type of failure that our workflows, activities and Updates fail with. The names are interfaces. */
export const FAILURE_TYPES = list({
  InvalidInput: {
    of: ['hexRun', 'hexPipeline', 'hexBackfill', 'hexSensor', 'hexJanitor', 'a step'],
    when: 'An input, a definition or a value that a step was given cannot be used. Nothing was sent to Hex.',
    remedy: 'Correct what the message lists, each problem with its path.',
    retry: null,
  },
  KeyExists: {
    of: ['hexRun', 'hexPipeline'],
    when: 'Another one with the key is running or has succeeded, and `ifExists` is `fail`, or it is of another project or pipeline.',
    remedy:
      'Nothing to do if that one is meant. `ifExists: run` starts it anyway; `skip` and `join` use the other one.',
    retry: null,
  },
  JoinedFailed: {
    of: ['hexRun', 'hexPipeline'],
    when: 'The other one with the key, which `ifExists: join` waited for, was cancelled or ended without a failure of a type. One that has a type is passed on as it is.',
    remedy: 'Look at that workflow, which the message names.',
    retry: null,
  },
  JoinTimedOut: {
    of: ['hexRun', 'hexPipeline'],
    when: 'The other one with the key, which `ifExists: join` waited for, did not end within `timeout` of a pipeline, or `queueTimeout` and `timeout` of a run together. It goes on.',
    remedy: 'Look at that workflow, which the message names, or give this one more time.',
    retry: null,
  },
  HexRunErrored: {
    of: ['hexRun'],
    when: 'The run ended `ERRORED`.',
    remedy: 'Open the run in Hex to see which cell failed.',
    retry: 'ERRORED',
  },
  HexRunKilled: {
    of: ['hexRun'],
    when: 'The run ended `KILLED`: it reached a time limit of Hex, or somebody cancelled it.',
    remedy: 'Open the run in Hex.',
    retry: 'KILLED',
  },
  HexRunNoKernel: {
    of: ['hexRun'],
    when: 'The run ended `UNABLE_TO_ALLOCATE_KERNEL`.',
    remedy: 'Start it again later, or run fewer at once.',
    retry: 'UNABLE_TO_ALLOCATE_KERNEL',
  },
  HexRunFailed: {
    of: ['hexRun'],
    when: 'The run ended with another status.',
    remedy: 'Open the run in Hex.',
    retry: null,
  },
  HexRunTimedOut: {
    of: ['hexRun'],
    when: 'The run did not end within `timeout`. It was cancelled in Hex, or left running with `onTimeout: leave`.',
    remedy: 'Open the run in Hex to see what took so long, or give it a longer `timeout`.',
    retry: 'TIMED_OUT',
  },
  HexPendingTimedOut: {
    of: ['hexRun'],
    when: 'The run was still `PENDING` after `pendingTimeout`, and was cancelled in Hex.',
    remedy: 'Look for runs that hold the kernels, or give it a longer `pendingTimeout`.',
    retry: 'TIMED_OUT',
  },
  HexQueueTimedOut: {
    of: ['hexRun'],
    when: 'The run got no permit to start within `queueTimeout`. Nothing was sent.',
    remedy:
      'Give it a longer `queueTimeout`, start fewer runs at once, or raise the limits of the connection.',
    retry: null,
  },
  HexTriggerAmbiguous: {
    of: ['hexRun'],
    when: 'The answer to the start was lost, and several runs in Hex could be ours. None was cancelled.',
    remedy:
      'Look at the runs that the message lists; `onAmbiguous: adopt-newest` takes the newest in such a case.',
    retry: null,
  },
  HexTriggerOutcomeUnknown: {
    of: ['hexRun', 'the activity triggerRun'],
    when: 'The answer to the start was lost, and the list of runs could not be read for a day. The activity fails with it before the list is searched.',
    remedy: 'Look for the run in Hex before you start another one.',
    retry: null,
  },
  HexCleanupFailed: {
    of: ['hexRun'],
    when: 'The run could not be cancelled in Hex and may still be running.',
    remedy: 'Cancel it in Hex by hand; the message has the link.',
    retry: null,
  },
  HexRunLeftRunning: {
    of: ['hexRun', 'hexPipeline'],
    when: 'The workflow was cancelled and left its runs going on in Hex, as `onCancel: leave` says.',
    remedy: 'Follow them in Hex, or cancel them there.',
    retry: null,
  },
  HexAuth: {
    of: ['hexRun', 'a step'],
    when: 'Hex answered 401, or the token cannot be read or sent.',
    remedy: 'Regenerate the token in Hex and set `HEX_API_TOKEN` to it; check `HEX_BASE_URL`.',
    retry: null,
  },
  HexForbidden: {
    of: ['hexRun', 'a step'],
    when: 'Hex answered 403.',
    remedy: 'The token needs the "Run projects" scope, and its user access to the project.',
    retry: null,
  },
  HexNotFound: {
    of: ['hexRun', 'a step'],
    when: 'Hex answered 404: there is no such project, it is not published, or the user may not see it.',
    remedy: 'Publish the project, check its id, or give the user access.',
    retry: null,
  },
  HexInvalidRequest: {
    of: ['hexRun', 'a step'],
    when: 'Hex answered 400, 422 or another 4xx, or the request was refused before it was sent.',
    remedy: 'Publish the project, or check the id and the input parameters.',
    retry: null,
  },
  HexRateLimited: {
    of: ['hexRun'],
    when: 'Hex answered 429 until `queueTimeout` had passed.',
    remedy: 'Use a Hex user of its own for pipelines, or start fewer runs.',
    retry: null,
  },
  HexNoKernel: {
    of: ['hexRun'],
    when: 'Hex answered 503 to the start, which it documents as "no kernel", until `queueTimeout` had passed. No run was created.',
    remedy: 'Run fewer at once, or give it a longer `queueTimeout`.',
    retry: 'UNABLE_TO_ALLOCATE_KERNEL',
  },
  HexUnavailable: {
    of: ['hexRun'],
    when: 'Hex answered 5xx, 408 or 425 for as long as it was tried, or no worker carried the request out in time.',
    remedy: 'See https://status.hex.tech, check that the workers run, and try again later.',
    retry: null,
  },
  HexNetwork: {
    of: ['hexRun'],
    when: 'No answer came: refused, reset, not resolved, timed out, or a TLS error.',
    remedy: 'Check `HEX_BASE_URL`, the proxy, and that the worker can reach it.',
    retry: null,
  },
  HexUnexpectedAnswer: {
    of: ['hexRun'],
    when: 'A redirect came, or a success that cannot be read.',
    remedy:
      'Check `HEX_BASE_URL`: what answered is not the Hex API, or something in between changed the answer.',
    retry: null,
  },
  HexFailure: {
    of: ['hexRun'],
    when: 'A request to Hex failed in a way that has no type.',
    remedy: 'See the cause of the failure.',
    retry: null,
  },
  HexPipelineFailed: {
    of: ['hexPipeline'],
    when: 'A step failed, and its `onFailure` does not let the pipeline succeed.',
    remedy: 'The message and `details[0]` name the step, its run and its remedy; `rerun` goes on from there.',
    retry: 'FAILED',
  },
  HexPipelineTimedOut: {
    of: ['hexPipeline'],
    when: 'The pipeline did not end within its `timeout`, and its runs were cancelled in Hex.',
    remedy: 'Give it a longer `timeout`, or look at the steps that took long; `rerun` goes on from there.',
    retry: 'FAILED',
  },
  HexBackfillFailed: {
    of: ['hexBackfill'],
    when: 'Partitions failed or were cancelled; the others were run.',
    remedy: 'The message and `details[0]` name them; `temporal-hex backfill retry` runs them again.',
    retry: null,
  },
  HexPipelineTooLong: {
    of: ['a step'],
    when: 'The pipeline has used most of the 51,200 events that a workflow may have.',
    remedy: 'Move parts of it into sub-pipelines; `rerun` goes on where it stopped.',
    retry: null,
  },
  StepTimedOut: {
    of: ['a step'],
    when: 'A `workflow` or `pipeline` step did not end within its `timeout`, and was cancelled.',
    remedy: 'Give the step a longer `timeout`, or look into its workflow.',
    retry: 'TIMED_OUT',
  },
  ApprovalRejected: {
    of: ['a step'],
    when: 'A person rejected the approval.',
    remedy: 'Start the pipeline again with `rerun` when it can be approved.',
    retry: null,
  },
  ApprovalTimedOut: {
    of: ['a step'],
    when: 'Nobody answered the approval within `within`.',
    remedy: 'Start the pipeline again with `rerun` when it can be approved.',
    retry: null,
  },
  HttpNotAllowed: {
    of: ['a step'],
    when: 'The worker may not send the request of an `http` step: its host is not in `HEX_HTTP_HOSTS`, it resolves to a private address, or a variable is not set. Nothing was sent.',
    remedy: 'Correct the address, or let those who run the workers list the host or set the variable.',
    retry: null,
  },
  HttpNotMet: {
    of: ['a step'],
    when: 'The answer to the request of an `http` step is not what `expect` says; with `poll`, not within its time.',
    remedy: 'The message says what was answered. Look at the service, or correct `expect`.',
    retry: 'FAILED',
  },
  HttpUnreachable: {
    of: ['a step'],
    when: 'No answer came to the request of an `http` step, and it changed nothing or may be sent twice.',
    remedy: 'Check the address, the service, and the proxy of the worker.',
    retry: 'FAILED',
  },
  HttpOutcomeUnknown: {
    of: ['a step'],
    when: 'A `POST` or `PATCH` was sent and no answer came: whether it arrived is not known, so it is not sent again.',
    remedy:
      'Look at the receiver before you run the step again. `idempotent: true` says that it may be sent twice.',
    retry: null,
  },
  WaitTimedOut: {
    of: ['a step'],
    when: 'What a `waitFor` step waits for did not come within its time.',
    remedy: 'The message says what there was instead. Look at it, or give the step a longer `within`.',
    retry: 'TIMED_OUT',
  },
  WaitedForFailed: {
    of: ['a step'],
    when: 'The workflow that a `waitFor` step waits for has ended without success.',
    remedy: 'Look at that workflow, which the message names; `retryStep` waits for it again.',
    retry: 'FAILED',
  },
  ControlRefused: {
    of: ['an Update'],
    when: 'The decision cannot be carried out as the pipeline stands. It leaves no trace.',
    remedy: 'The message says why, and what can be decided.',
    retry: null,
  },
  NoSuchWorkflow: {
    of: ['a workflow of an unknown type'],
    when: 'The worker does not have the workflow type that was started.',
    remedy: 'Correct the type as the message suggests, or start it on another task queue.',
    retry: null,
  },
  KeyReleased: {
    of: ['hexKey'],
    when: 'All who had the key ended, and none of them succeeded. This is how a key becomes free.',
    remedy: 'Nothing to do.',
    retry: null,
  },
  JanitorOutdated: {
    of: ['hexJanitor'],
    when: 'The janitor began with an earlier release, which could not finish its work.',
    remedy: 'Start it again; the schedules of a worker do so by themselves.',
    retry: null,
  },
  HexCancelRefused: {
    of: ['the activity cancelRun'],
    when: 'Hex refused to cancel a run that is still going on. The activity is tried again.',
    remedy: 'Nothing to do at first; in the end the run fails as `HexCleanupFailed`.',
    retry: null,
  },
  NoSuchWebhook: {
    of: ['the activity notify'],
    when: 'The worker has no webhook of that name.',
    remedy: 'Set the variable that the message names in the environment of the worker.',
    retry: null,
  },
  NotDelivered: {
    of: ['the activity notify'],
    when: 'A webhook could not be reached or refused the message. The run or pipeline goes on, with a warning.',
    remedy: 'Check the webhook and its settings.',
    retry: null,
  },
});

/** The type of a failure of ours; docs/failures.md tells when each occurs and what to do. */
export type FailureType = keyof typeof FAILURE_TYPES;
