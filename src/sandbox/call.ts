import type { ScriptedFault } from './faults.js';
import type { LedgerRequest } from './ledger.js';
import type { SandboxState } from './state.js';
import type { Caller } from './tokens.js';
import type { ResponseContext } from './wire.js';

/** One request on its way to an answer. */
export interface SandboxCall {
  state: SandboxState;
  context: ResponseContext;
  caller: Caller;
  entry: LedgerRequest;
  projectId: string;
  runId: string;
  path: string;
  query: URLSearchParams;
  /** Body of a start: `undefined` = none; `unreadable` = not JSON. */
  body: unknown;
  unreadable: boolean;
  fault: ScriptedFault | null;
}
