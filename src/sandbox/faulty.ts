import { actions } from './actions.js';
import type { SandboxCall } from './call.js';
import type { ScriptedFault } from './faults.js';
import type { Operation } from './operation.js';
import { type ApiContext, noAnswer, send, waitOn } from './reply.js';
import { type Answer, errorAnswer, type ResponseContext } from './wire.js';

/** The request as the fault would have it. */
export async function faulty(
  call: SandboxCall,
  fault: ScriptedFault,
  operation: Operation,
  c: ApiContext,
  paced: (answer: Answer) => Answer,
): Promise<Response> {
  const { state, entry, context } = call;
  const act = () => actions[operation](call);
  switch (fault.kind) {
    case 'status':
      return send(state, entry, paced(scriptedAnswer(context, fault, fault.status ?? 500)));
    case 'statusAfter': {
      const answer = act();
      const done = answer.status < 300;
      return send(
        state,
        entry,
        paced(done ? scriptedAnswer(context, fault, fault.statusAfter ?? 500) : answer),
      );
    }
    case 'lateMs':
    case 'cancelLateMs': {
      const answer = act();
      state.changed();
      const answered = await waitOn(c, state, fault.lateMs ?? fault.cancelLateMs ?? 0);
      return answered ? send(state, entry, paced(answer)) : noAnswer(state, c, entry, true);
    }
    case 'hang':
      if (fault.hang === 'after') act();
      state.changed();
      await waitOn(c, state, null);
      return noAnswer(state, c, entry, true);
    case 'drop':
      if (fault.drop === 'after') act();
      return noAnswer(state, c, entry, false);
    case 'createLateMs':
      state.after(fault.createLateMs ?? 0, () => {
        act();
        state.changed();
      });
      return noAnswer(state, c, entry, false);
    default:
      return send(state, entry, paced(act()));
  }
}

function scriptedAnswer(context: ResponseContext, fault: ScriptedFault, status: number): Answer {
  const { body, headers } = fault;
  if (body === undefined) {
    const answer = errorAnswer(context, status, 'Scripted by the sandbox');
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  return typeof body === 'string' ? { status, text: body, headers } : { status, json: body, headers };
}
