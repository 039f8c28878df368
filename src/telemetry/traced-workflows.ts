import { type Context, context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  extractContextFromHeaders,
  headersWithContext,
} from '@temporalio/interceptors-opentelemetry/lib/instrumentation.js';
import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
  SPAN_DELIMITER,
  SpanName,
} from '@temporalio/interceptors-opentelemetry/lib/workflow/index.js';
import {
  type ActivityInput,
  ContinueAsNew,
  type ContinueAsNewInput,
  type WorkflowInboundCallsInterceptor as Inbound,
  type LocalActivityInput,
  type Next,
  type WorkflowOutboundCallsInterceptor as Outbound,
  type QueryInput,
  type SignalInput,
  type SignalWorkflowInput,
  type StartChildWorkflowExecutionInput,
  type UpdateInput,
  type WorkflowExecuteInput,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';

/**
 * Traces workflows. The package's own interceptors await what they call, so that a result comes some turns later: two
 * branches of one task may then change places, and a workflow no longer replays when traces are turned on or off. These
 * hand on the very promise that they were given.
 */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [new TracedInbound()],
  outbound: [new TracedOutbound()],
  internals: [new OpenTelemetryInternalsInterceptor()],
});

class TracedInbound extends OpenTelemetryInboundInterceptor {
  override execute(input: WorkflowExecuteInput, next: Next<Inbound, 'execute'>): Promise<unknown> {
    const { workflowType } = workflowInfo();
    return this.spanned(SpanName.WORKFLOW_EXECUTE, workflowType, input, () => next(input));
  }

  override handleSignal(input: SignalInput, next: Next<Inbound, 'handleSignal'>): Promise<void> {
    return this.spanned(SpanName.WORKFLOW_HANDLE_SIGNAL, input.signalName, input, () => next(input));
  }

  override handleUpdate(input: UpdateInput, next: Next<Inbound, 'handleUpdate'>): Promise<unknown> {
    return this.spanned(SpanName.WORKFLOW_HANDLE_UPDATE, input.name, input, () => next(input));
  }

  override handleQuery(input: QueryInput, next: Next<Inbound, 'handleQuery'>): Promise<unknown> {
    return this.spanned(SpanName.WORKFLOW_HANDLE_QUERY, input.queryName, input, () => next(input));
  }

  private spanned<T>(of: SpanName, name: string, { headers }: WithHeaders, call: () => Promise<T>) {
    const parent = extractContextFromHeaders(headers) ?? context.active();
    return inSpan(this.tracer.startSpan(`${of}${SPAN_DELIMITER}${name}`, {}, parent), parent, call);
  }
}

class TracedOutbound extends OpenTelemetryOutboundInterceptor {
  override scheduleActivity(input: ActivityInput, next: Next<Outbound, 'scheduleActivity'>) {
    return this.spanned(SpanName.ACTIVITY_START, input.activityType, input, next);
  }

  override scheduleLocalActivity(input: LocalActivityInput, next: Next<Outbound, 'scheduleLocalActivity'>) {
    return this.spanned(SpanName.ACTIVITY_START, input.activityType, input, next);
  }

  override startChildWorkflowExecution(
    input: StartChildWorkflowExecutionInput,
    next: Next<Outbound, 'startChildWorkflowExecution'>,
  ) {
    return this.spanned(SpanName.CHILD_WORKFLOW_START, input.workflowType, input, next);
  }

  override signalWorkflow(input: SignalWorkflowInput, next: Next<Outbound, 'signalWorkflow'>) {
    return this.spanned(SpanName.WORKFLOW_SIGNAL, input.signalName, input, next);
  }

  override continueAsNew(input: ContinueAsNewInput, next: Next<Outbound, 'continueAsNew'>) {
    return this.spanned(SpanName.CONTINUE_AS_NEW, String(input.options.workflowType), input, next);
  }

  private spanned<I extends WithHeaders, T>(
    of: SpanName,
    name: string,
    input: I,
    next: (input: I) => Promise<T>,
  ): Promise<T> {
    const span = this.tracer.startSpan(`${of}${SPAN_DELIMITER}${name}`);
    return inSpan(span, context.active(), () =>
      next({ ...input, headers: headersWithContext(input.headers) }),
    );
  }
}

type WithHeaders = Pick<ActivityInput, 'headers'>;

/** Ends the span with the call, whose promise it gives as it is. */
function inSpan<T>(span: Span, parent: Context, call: () => Promise<T>): Promise<T> {
  const called = context.with(trace.setSpan(parent, span), call);
  called.then(
    () => span.setStatus({ code: SpanStatusCode.OK }).end(),
    (error: unknown) => {
      if (error instanceof ContinueAsNew) span.setStatus({ code: SpanStatusCode.OK });
      else
        span
          .setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
          .recordException(error as Error);
      span.end();
    },
  );
  return called;
}
