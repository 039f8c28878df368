import { effect } from '@preact/signals';
import { render } from 'preact';
import { EXPORTED_DATA_ID, type ExportedRun } from '../contract.js';
import { App } from './app.js';
import { accept, known, reject, reload, seed } from './lib/answers.js';
import { type Topic, topicOf } from './lib/api.js';
import { setServerTime, startClock } from './lib/clock.js';
import { startLive, streaming } from './lib/live.js';
import { followLinks } from './lib/route.js';
import { applyTheme } from './lib/theme.js';
import { ExportedPage } from './pages/exported.js';

applyTheme();
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();

function start(): void {
  const exported = document.getElementById(EXPORTED_DATA_ID)?.textContent;
  if (exported) startExported(JSON.parse(exported));
  else startConsole();
}

function startConsole(): void {
  followLinks();
  startClock();
  startLive({
    accept,
    reject,
    atOf: (topic) => (known(topic).peek().answer as { at: string } | null)?.at ?? null,
    // Asking says whether the console is away.
    broken: reload,
  });
  let opened = false;
  // When the stream is back, there may be news; at its first opening all has just been asked for.
  effect(() => {
    if (opened && streaming.value) reload();
    opened ||= streaming.value;
  });
  render(<App />, root());
}

/** A file on a disk: nothing is asked for, and the clock stands at the time of the export. */
function startExported(exported: ExportedRun): void {
  // Its links to other pages lead nowhere: the style takes them away.
  document.documentElement.dataset.exported = '';
  const { run, steps } = exported;
  const ids = { workflowId: run.run.workflowId, runId: run.run.runId };
  const answers = new Map<Topic, unknown>([[topicOf('/api/run', ids), run]]);
  for (const [step, answer] of Object.entries(steps))
    answers.set(topicOf('/api/step', { ...ids, step }), answer);
  seed(answers);
  setServerTime(Date.parse(exported.at));
  render(<ExportedPage exported={exported} />, root());
}

function root(): HTMLElement {
  const box = document.getElementById('app') ?? document.createElement('div');
  box.id = 'app';
  if (!box.isConnected) document.body.append(box);
  return box;
}
