import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { version } from '../version.js';
import { Assets } from './assets.js';
import { EXPORTED_DATA_ID, type ExportedRun, type StepAnswer } from './contract.js';
import { Parts } from './parts.js';

export interface ExportOptions {
  client: Client;
  taskQueue: string;
  /** Task queue of the limiters, where several share them. Default: that of each workflow. */
  limitsTaskQueue?: string | undefined;
  temporalUi: string | null;
  workflowId: string;
  /** Of which execution, where the id has several. Default: the newest. */
  runId?: string | undefined;
}

/** A run as one HTML file that needs no server: to mail it, or to keep it with a ticket. */
export async function exportRun({ workflowId, runId = '', ...rest }: ExportOptions): Promise<string> {
  const parts = new Parts(rest);
  try {
    const at = new Date().toISOString();
    const run = { at, ...(await parts.runs.answer(workflowId, runId || null)) };
    const steps: Record<string, StepAnswer> = {};
    for (const { id } of run.steps)
      steps[id] = { at, ...(await parts.runs.step(workflowId, run.run.runId, id)) };
    return page({ at, version, run, steps });
  } finally {
    parts.close();
  }
}

function page(exported: ExportedRun): string {
  const assets = new Assets('/');
  const script = assets.text('app.js').replaceAll('</script', '<\\/script');
  const style = assets.text('app.css').replaceAll('</style', '<\\/style');
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="content-security-policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${textOf(exported.run.run.workflowId)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<div id="app"></div>',
    `<script type="application/json" id="${EXPORTED_DATA_ID}">${jsonInHtml(exported)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** JSON in which no text can end the script that it stands in. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function textOf(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
