// A process that runs commands one after the other, each as dist/cli.js would in a process of its own.
import { main } from '../../dist/cli/main.js';

let sharing;

/** A process has one runtime of Temporal's SDK, and each worker makes it. */
function shareRuntime() {
  sharing ??= import('@temporalio/worker').then(({ Runtime }) => {
    const install = Runtime.install.bind(Runtime);
    let made;
    Runtime.install = (options) => {
      made ??= install(options);
      return made;
    };
  });
  return sharing;
}

process.once('disconnect', () => process.exit());
process.on('message', async ({ args, env, cwd }) => {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  if (args.includes('worker')) await shareRuntime();
  const heard = { stdout: '', stderr: '' };
  const stream = (name) => ({
    write: (text) => {
      heard[name] += text;
    },
  });
  const code = await main(args, { env: process.env, stdout: stream('stdout'), stderr: stream('stderr') });
  process.send({ code, ...heard });
});
