import type { ComponentChildren } from 'preact';
import { streaming } from '../lib/live.js';
import { useMe } from '../lib/me.js';
import { href, parts } from '../lib/route.js';
import { THEMES, theme } from '../lib/theme.js';
import { chooseZone, ZONE_WORDS, ZONES, zoneChoice } from '../lib/zone.js';
import { NameDialog, naming } from './name-dialog.js';
import { Notices, QuietNotices } from './notices.js';
import { Search } from './search.js';
import { Toast } from './toast.js';

const PAGES = [
  [[], 'Home'],
  [['pipelines'], 'Pipelines'],
  [['backfills'], 'Backfills'],
  [['line'], 'Line'],
  [['schedules'], 'Schedules'],
  [['sensors'], 'Sensors'],
  [['connections'], 'Connections'],
  [['workers'], 'Workers'],
] as const;

/** A run belongs to its pipeline. */
const HOME_OF: Record<string, string> = { runs: 'pipelines' };

/** What is around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [first = ''] = parts.value;
  const here = HOME_OF[first] ?? first;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the page
      </button>
      <header class="top">
        <a class="brand" href={href([])}>
          temporal-hex
        </a>
        <Search />
        <div class="top-tools">
          <ZoneSwitch />
          <ThemeButton />
          <Who />
        </div>
      </header>
      <nav class="side" aria-label="Pages">
        {PAGES.map(([path, name]) => (
          <a key={name} href={href(path)} aria-current={(path[0] ?? '') === here ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div class="middle">
        <Notices />
        {children}
      </div>
      <footer class="foot">
        <Live />
        <QuietNotices />
      </footer>
      <Toast />
      {naming.value && <NameDialog />}
    </>
  );
}

function ZoneSwitch() {
  return (
    <label class="choice">
      <span class="visually-hidden">Time zone</span>
      <select
        value={zoneChoice.value}
        onChange={({ currentTarget }) => chooseZone(ZONES[currentTarget.selectedIndex] ?? 'pipeline')}
      >
        {ZONES.map((zone) => (
          <option key={zone} value={zone}>
            {zone === 'pipeline' ? "Pipeline's time" : zone === 'mine' ? 'My time' : ZONE_WORDS[zone]}
          </option>
        ))}
      </select>
    </label>
  );
}

const SYMBOLS = { auto: '◐', light: '○', dark: '●' } as const;

function ThemeButton() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
  return (
    <button
      type="button"
      class="quiet icon"
      aria-label={`Colours: ${theme.value}. Change to ${next}`}
      title={`Colours: ${theme.value}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      {SYMBOLS[theme.value]}
    </button>
  );
}

function Who() {
  const me = useMe();
  if (!me) return <span class="who" />;
  if (me.readOnly) return <span class="who dim">read-only</span>;
  if (me.byFrom === 'proxy') return <span class="who">{me.by}</span>;
  return (
    <button
      type="button"
      class="quiet who"
      title="What you do is recorded under this name"
      onClick={() => {
        naming.value = true;
      }}
    >
      {me.by}
    </button>
  );
}

function Live() {
  const me = useMe();
  return (
    <>
      <span class={`live ${streaming.value ? 'on' : ''}`}>{streaming.value ? 'Live' : 'Connecting…'}</span>
      {me && (
        <span class="dim">
          namespace {me.namespace}, task queue {me.taskQueue}, temporal-hex {me.version}
        </span>
      )}
    </>
  );
}
