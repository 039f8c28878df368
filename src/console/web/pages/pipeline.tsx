import type { PipelineAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { useMe } from '../lib/me.js';
import { href, queryValue } from '../lib/route.js';
import { ActionButton } from '../parts/actions.js';
import { Loaded, Page, TabPanel, Tabs, tabOf } from '../parts/page.js';
import { Time } from '../parts/time.js';
import { CalendarTab } from './pipeline/calendar.js';
import { DefinitionTab } from './pipeline/definition.js';
import { DurationsTab } from './pipeline/durations.js';
import { GridTab } from './pipeline/grid.js';
import { ScheduleTab } from './pipeline/schedule.js';
import { Freshness } from './pipelines.js';

const TABS = [
  ['grid', 'Grid'],
  ['calendar', 'Calendar'],
  ['durations', 'Durations'],
  ['definition', 'Definition'],
  ['schedule', 'Schedule'],
] as const;

/** One pipeline: what ran for which date, how long it takes, what it is, and when it starts. */
export function PipelinePage({ name }: { name: string }) {
  const known = useAnswer('/api/pipeline', { name, before: queryValue('before') });
  const tab = tabOf(TABS, 'tab', 'grid');
  const { answer } = known;
  return (
    <Page
      title={name}
      about={answer && <About pipeline={answer} />}
      actions={<Buttons name={name} pipeline={answer} />}
    >
      <Tabs tabs={TABS} current={tab} by="tab" />
      <TabPanel name={tab}>
        <Loaded of={known}>
          {(pipeline) => {
            switch (tab) {
              case 'grid':
                return <GridTab pipeline={pipeline} />;
              case 'calendar':
                return <CalendarTab name={name} />;
              case 'durations':
                return <DurationsTab name={name} timezone={pipeline.timezone} />;
              case 'definition':
                return <DefinitionTab name={name} />;
              case 'schedule':
                return <ScheduleTab name={name} />;
            }
          }}
        </Loaded>
      </TabPanel>
    </Page>
  );
}

function About({ pipeline }: { pipeline: PipelineAnswer }) {
  const { description, owner, tags, timezone, schedule, freshness, missed } = pipeline;
  const missing = missed.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      {description && <span class="said">{description}</span>}
      {owner && <span>{owner}</span>}
      {tags.map((tag) => (
        <a key={tag} class="tag" href={href(['pipelines'], { q: tag })}>
          {tag}
        </a>
      ))}
      <span class="dim">{timezone}</span>
      {schedule?.paused && <span class="people-text">schedule paused</span>}
      {schedule?.next && (
        <span>
          next <Time at={schedule.next} zone={timezone} />
        </span>
      )}
      {freshness && <Freshness {...freshness} zone={timezone} />}
      {missing > 0 && (
        <a class="retry-text" href={href(['schedules'])}>
          {missing} missed
        </a>
      )}
    </>
  );
}

function Buttons({ name, pipeline }: { name: string; pipeline: PipelineAnswer | null }) {
  const me = useMe();
  const schedule = pipeline?.schedule ?? null;
  if (!me || me.readOnly) return null;
  return (
    <>
      {schedule && (
        <ActionButton
          request={{ action: schedule.paused ? 'scheduleResume' : 'schedulePause', schedule: schedule.id }}
          label={schedule.paused ? 'Resume the schedule' : 'Pause the schedule'}
        />
      )}
      <a class="button" href={href(['backfills', 'new'], { pipeline: name })}>
        Backfill…
      </a>
      <a class="button primary" href={href(['pipelines', name, 'start'])}>
        Start…
      </a>
    </>
  );
}
