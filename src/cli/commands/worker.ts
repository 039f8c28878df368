import type { Command } from 'commander';
import type { WorkerLog } from '../../worker.js';
import { examples, type Perform } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { listenForInterrupt, SIGNALS } from '../interrupt.js';
import { type Session, taskQueueOf } from '../session.js';

export function addWorker(program: Command, perform: Perform): void {
  program
    .command('worker')
    .summary('work on Hex runs and pipelines until stopped')
    .description(
      'Runs a worker until SIGINT or SIGTERM; then it finishes what is in flight (up to 45 s) and ends. Needs HEX_API_TOKEN.',
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex worker',
        'temporal-hex worker --address temporal.example.com:7233 --namespace prod',
        'temporal-hex worker --log-format json',
        'HEX_METRICS_ADDRESS=127.0.0.1:9464 temporal-hex worker --check',
      ),
    )
    .option('--check', 'ask the worker at HEX_METRICS_ADDRESS whether it is ready, and end with 0 or 1')
    .action(({ check: checks }: { check?: boolean }, command: Command) =>
      perform(command, checks ? check : work),
    );
}

/** For probes that run a command, such as that of a container. */
async function check({ env, output }: Session): Promise<ExitCode> {
  const [{ ConfigError, loadConfig }, { askReadiness }] = await Promise.all([
    import('../../config.js'),
    import('../probe.js'),
  ]);
  const { metricsAddress } = loadConfig(env, { requireToken: false });
  if (!metricsAddress)
    throw new ConfigError([
      {
        variable: 'HEX_METRICS_ADDRESS',
        message: 'is missing: set it for the worker and for --check alike, such as 127.0.0.1:9464',
      },
    ]);
  const answer = await askReadiness(metricsAddress);
  output.say(answer?.text ?? `not ready: nobody answers at ${metricsAddress.host}:${metricsAddress.port}`);
  return answer?.ready ? EXIT.ok : EXIT.failed;
}

/** What ends the worker is an event like any other where the log is for machines. */
async function work(session: Session): Promise<ExitCode> {
  const { globals, output, env } = session;
  try {
    return await workUntilStopped(session);
  } catch (error) {
    if ((globals.logFormat ?? env.HEX_LOG_FORMAT) !== 'json') throw error;
    const [{ explain }, { createLogger }] = await Promise.all([
      import('../explain.js'),
      import('../../telemetry/logger.js'),
    ]);
    const { message, code } = explain(error);
    createLogger({ level: 'error', format: 'json', write: (line) => output.stderr.write(line) }).error(
      message,
    );
    return code;
  }
}

async function workUntilStopped(session: Session): Promise<ExitCode> {
  const { globals, output, env } = session;
  const [{ logSettings }, { loadConfig }, { runWorker, startTelemetry }] = await Promise.all([
    import('../logging.js'),
    import('../../config.js'),
    import('../../worker.js'),
  ]);
  const taskQueue = taskQueueOf(session);
  const config = { ...loadConfig(env), ...(taskQueue && { taskQueue }) };
  const telemetry = await startTelemetry({
    config,
    log: logSettings(globals, config.log),
    write: (line) => output.stderr.write(line),
    shutdownSignals: SIGNALS,
  });
  const log: WorkerLog = (line, level = 'info') => telemetry.logger[level](line);
  if (telemetry.address) log(`Serves /metrics, /healthz and /readyz at http://${telemetry.address}`);
  const { address, namespace } = globals;
  // The SDK ends a worker on a signal; before there is one, while Temporal is waited for, this does.
  const interrupt = listenForInterrupt();
  void interrupt.again.then(() => process.exit(EXIT.interrupted));
  try {
    await runWorker({
      address,
      namespace,
      config,
      log,
      telemetry,
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
    await telemetry.close();
  }
  return EXIT.ok;
}
