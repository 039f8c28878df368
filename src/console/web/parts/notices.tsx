import { useComputed } from '@preact/signals';
import type { Notice } from '../../contract.js';
import { known, shownTopics } from '../lib/answers.js';
import { Ago } from './time.js';

/** Those that come and go while all is well: they have a quiet place of their own, so that nothing jumps. */
const QUIET: readonly Notice['kind'][] = ['loading', 'incomplete'];

const SEVERE: readonly Notice['kind'][] = ['temporal-away', 'list-refused', 'no-worker', 'hex-unreachable'];

const CONSOLE_AWAY: Notice = {
  kind: 'temporal-away',
  text: 'The console does not answer. What you see is what it said last.',
  remedy: 'Start it again with "temporal-hex console": this page goes on by itself.',
  since: null,
  about: null,
};

/** All notices of what is on the page, each once. */
function useNotices(): Notice[] {
  return useComputed(() => {
    const notices = new Map<string, Notice>();
    for (const topic of shownTopics.value) {
      const { answer, trouble } = known(topic).value;
      if (trouble?.code === 'away') notices.set('console', CONSOLE_AWAY);
      for (const notice of (answer as { notices?: Notice[] } | null)?.notices ?? []) {
        notices.set(`${notice.kind} ${notice.about}`, notice);
      }
    }
    return [...notices.values()];
  }).value;
}

/** What whoever looks must know, at the top of the page. */
export function Notices() {
  const loud = useNotices().filter(({ kind }) => !QUIET.includes(kind));
  return (
    <div class="notices" aria-live="polite">
      {loud.map((notice) => (
        <p key={notice.kind + notice.about} class={`notice ${SEVERE.includes(notice.kind) ? 'severe' : ''}`}>
          <b>{notice.text}</b> {notice.remedy && <span>{notice.remedy}</span>}{' '}
          {notice.since && (
            <span class="dim">
              (<Ago at={notice.since} />)
            </span>
          )}
        </p>
      ))}
    </div>
  );
}

/** The quiet ones, at the foot. */
export function QuietNotices() {
  const quiet = useNotices().filter(({ kind }) => QUIET.includes(kind));
  return (
    <>
      {quiet.map(({ kind, about, text, remedy }) => (
        <span key={kind + about} class="dim">
          {text} {remedy}
        </span>
      ))}
    </>
  );
}
