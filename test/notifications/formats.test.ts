import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.js';
import {
  type Notification,
  type NotificationRequest,
  notificationOf,
} from '../../src/notifications/notification.js';
import { postNotification } from '../../src/notifications/post.js';
import { type Received, webhookReceiver } from '../support/webhook.js';

const KEY = '0123456789abcdef0123456789ABCDEF';
const SECRET = 'a-secret-of-more-than-16';

/** Text of a person who tries to make links, mentions and formatting in every chat. */
const NASTY =
  'a <!channel> & <https://evil.example|click> ```x``` *b* [y](https://evil.example) <at>all</at> @here';

const ORIGIN = {
  id: 'run-1/5',
  namespace: 'team a',
  workflowId: 'etl/2026-01-31/load',
  runId: 'run-1',
  at: '2026-01-31T06:00:00.000Z',
  temporalUiUrl: 'https://temporal.example.com/ui',
};

const REQUEST: NotificationRequest = {
  to: 'ops',
  event: 'failure',
  text: `HexRunErrored: ${NASTY}\nsecond line`,
  pipeline: 'etl `x`',
  description: 'All *sales*',
  owner: 'data <!here>',
  tags: ['finance'],
  step: 'load',
  projectId: 'load-project-id',
  hexRunId: '0198',
  hexUrl: 'https://app.hex.tech/org/hex/app?a=1&b=|',
};

const TEMPORAL =
  'https://temporal.example.com/ui/namespaces/team%20a/workflows/etl%2F2026-01-31%2Fload/run-1/history';
const HEX = 'https://app.hex.tech/org/hex/app?a=1&b=|';

/** What a receiver gets of a notification. */
async function sent(env: Record<string, string>, notification: Notification): Promise<Received> {
  const hook = await webhookReceiver();
  const { webhooks } = loadConfig({ HEX_NOTIFY_OPS_URL: hook.url, ...env }, { requireToken: false });
  if (!webhooks.ops) throw new Error('no webhook');
  await postNotification(webhooks.ops, notification, AbortSignal.timeout(5_000));
  const [received] = hook.all;
  if (!received) throw new Error('nothing was received');
  return received;
}

describe('a message is what the receiver takes', () => {
  it('json: every field, with links to Hex and to Temporal', async () => {
    const { body, headers } = await sent({}, notificationOf(REQUEST, ORIGIN));
    expect(headers['content-type']).toBe('application/json');
    expect(body).toEqual({
      id: 'run-1/5',
      event: 'failure',
      severity: 'error',
      title: 'Step "load" of pipeline "etl `x`"',
      text: REQUEST.text,
      pipeline: 'etl `x`',
      description: 'All *sales*',
      owner: 'data <!here>',
      tags: ['finance'],
      step: 'load',
      projectId: 'load-project-id',
      connection: null,
      schedule: null,
      gap: null,
      hexRunId: '0198',
      links: { hex: HEX, temporal: TEMPORAL },
      namespace: 'team a',
      workflowId: 'etl/2026-01-31/load',
      runId: 'run-1',
      at: '2026-01-31T06:00:00.000Z',
    });
  });

  it('slack: people can make no link, mention nobody and format nothing', async () => {
    const { body } = await sent({ HEX_NOTIFY_OPS_FORMAT: 'slack' }, notificationOf(REQUEST, ORIGIN));
    const text = [
      '`Step "load" of pipeline "etl \'x\'"` failure',
      "```HexRunErrored: a &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; '''x''' *b* [y](https://evil.example) &lt;at&gt;all&lt;/at&gt; @here",
      'second line```',
      'Owner `data &lt;!here&gt;`',
      'Workflow `etl/2026-01-31/load`',
      `<https://app.hex.tech/org/hex/app?a=1&amp;b=%7C|Run in Hex> · <${TEMPORAL}|Workflow in Temporal>`,
    ].join('\n');
    expect(body).toEqual({ text, unfurl_links: false });
  });

  it('teams: an Adaptive Card whose text runs read no Markdown, and no mention', async () => {
    const { body } = await sent({ HEX_NOTIFY_OPS_FORMAT: 'teams' }, notificationOf(REQUEST, ORIGIN));
    const run = (text: string, style = {}) => ({
      type: 'RichTextBlock',
      inlines: [{ type: 'TextRun', text, ...style }],
    });
    expect(body).toEqual({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              run('Step "load" of pipeline "etl `x`" failure', { weight: 'bolder', color: 'attention' }),
              run(`HexRunErrored: ${NASTY}`),
              run('second line'),
              run('Owner data <!here>', { isSubtle: true }),
              run('Workflow etl/2026-01-31/load', { isSubtle: true }),
            ],
            actions: [
              { type: 'Action.OpenUrl', title: 'Run in Hex', url: HEX },
              { type: 'Action.OpenUrl', title: 'Workflow in Temporal', url: TEMPORAL },
            ],
          },
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('entities');
  });

  it('pagerduty: an event that opens an incident, and the all-clear that closes the same one', async () => {
    const env = { HEX_NOTIFY_OPS_FORMAT: 'pagerduty', HEX_NOTIFY_OPS_ROUTING_KEY: KEY };
    const { body } = await sent(env, notificationOf(REQUEST, ORIGIN));
    const dedupKey = 'temporal-hex/team%20a/step/etl%20%60x%60/load';
    expect(body).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: dedupKey,
      payload: {
        summary: `Step "load" of pipeline "etl \`x\`" failure: ${REQUEST.text}`,
        source: 'temporal-hex',
        severity: 'error',
        timestamp: '2026-01-31T06:00:00.000Z',
        component: 'Step "load" of pipeline "etl `x`"',
        group: 'team a',
        class: 'failure',
        custom_details: {
          text: REQUEST.text,
          id: 'run-1/5',
          pipeline: 'etl `x`',
          description: 'All *sales*',
          owner: 'data <!here>',
          tags: ['finance'],
          step: 'load',
          projectId: 'load-project-id',
          connection: null,
          schedule: null,
          gap: null,
          hexRunId: '0198',
          namespace: 'team a',
          workflowId: 'etl/2026-01-31/load',
          runId: 'run-1',
        },
      },
      links: [
        { href: HEX, text: 'Run in Hex' },
        { href: TEMPORAL, text: 'Workflow in Temporal' },
      ],
      client: 'temporal-hex',
      client_url: TEMPORAL,
    });
    const clear = await sent(
      env,
      notificationOf({ ...REQUEST, event: 'success' }, { ...ORIGIN, workflowId: 'later' }),
    );
    expect(clear.body).toEqual({ routing_key: KEY, event_action: 'resolve', dedup_key: dedupKey });
  });

  it('pagerduty: a Hex that is out of reach is one incident for each connection, until it is back', async () => {
    const env = { HEX_NOTIFY_OPS_FORMAT: 'pagerduty', HEX_NOTIFY_OPS_ROUTING_KEY: KEY };
    const about = { to: 'ops', text: 'x', connection: 'eu' };
    const away = await sent(env, notificationOf({ ...about, event: 'unreachable' }, ORIGIN));
    const back = await sent(
      env,
      notificationOf({ ...about, event: 'reachable' }, { ...ORIGIN, runId: 'other' }),
    );
    expect(away.body).toMatchObject({ event_action: 'trigger', payload: { severity: 'critical' } });
    expect(back.body).toMatchObject({ event_action: 'resolve', dedup_key: away.body.dedup_key });
    const long = { ...about, event: 'unreachable' as const, connection: 'x'.repeat(300) };
    expect(String((await sent(env, notificationOf(long, ORIGIN))).body.dedup_key).length).toBeLessThan(255);
  });

  it('long text is cut to what the chats take, and a link that is none of the web is left out', async () => {
    const long = { ...REQUEST, text: 'x'.repeat(50_000), hexUrl: 'javascript:alert(1)' };
    for (const format of ['slack', 'teams', 'pagerduty']) {
      const key: Record<string, string> = format === 'pagerduty' ? { HEX_NOTIFY_OPS_ROUTING_KEY: KEY } : {};
      const { text } = await sent({ HEX_NOTIFY_OPS_FORMAT: format, ...key }, notificationOf(long, ORIGIN));
      expect(text.length).toBeLessThan(8_000);
      expect(text).not.toContain('javascript:');
    }
  });
});

describe('a message with a secret', () => {
  /** The snippet of the page, as a reader would paste it. */
  const page = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
  const [, snippet = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];

  it('is signed so that the snippet of docs/notifications.md takes it, and nothing that was changed', async () => {
    const { verify } = (await import(`data:text/javascript,${encodeURIComponent(snippet)}`)) as {
      verify(header: string, body: string, secret: string): boolean;
    };
    const { headers, text } = await sent({ HEX_NOTIFY_OPS_SECRET: SECRET }, notificationOf(REQUEST, ORIGIN));
    const signature = String(headers['temporal-hex-signature']);
    expect(signature).toMatch(/^t=\d{10},sha256=[0-9a-f]{64}$/);
    expect(verify(signature, text, SECRET)).toBe(true);
    expect(verify(signature, text.replace('failure', 'success'), SECRET)).toBe(false);
    expect(verify(signature, text, `${SECRET}x`)).toBe(false);
    const old = signature.replace(/t=\d+/, `t=${Math.floor(Date.now() / 1_000) - 3_600}`);
    expect(verify(old, text, SECRET)).toBe(false);
  });

  it('without one has no signature', async () => {
    const { headers } = await sent({}, notificationOf(REQUEST, ORIGIN));
    expect(headers['temporal-hex-signature']).toBeUndefined();
  });

  it('takes secret, address and headers from files, anew for each message', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const hook = await webhookReceiver();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const { webhooks } = loadConfig(
      {
        HEX_NOTIFY_OPS_URL_FILE: file('url', `${hook.url}/from-file\n`),
        HEX_NOTIFY_OPS_HEADERS_FILE: file('headers', '{"authorization": "Bearer one", "X-Team": "data"}'),
      },
      { requireToken: false },
    );
    if (!webhooks.ops) throw new Error('no webhook');
    await postNotification(webhooks.ops, notificationOf(REQUEST, ORIGIN), AbortSignal.timeout(5_000));
    file('headers', '{"authorization": "Bearer two"}');
    await postNotification(webhooks.ops, notificationOf(REQUEST, ORIGIN), AbortSignal.timeout(5_000));
    expect(hook.all.map(({ path, headers }) => [path, headers.authorization, headers['x-team']])).toEqual([
      ['/from-file', 'Bearer one', 'data'],
      ['/from-file', 'Bearer two', undefined],
    ]);
  });
});
