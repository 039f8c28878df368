/** The entry `temporal-hex/console`: pages of pipelines, runs, schedules and backfills, in a server of their own or in yours. */

export type {
  ActionAnswer,
  ActionPreview,
  ActionRequest,
  Answers,
  Posts,
} from './console/contract.js';
export {
  type Console,
  type ConsoleOptions,
  createConsole,
  type StartConsoleOptions,
  type StartedConsole,
  startConsole,
} from './console/server.js';
