import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDuration } from '../../../base/duration.js';
import type { BackfillPlanAnswer, BackfillRequest } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { post, type Trouble } from '../lib/api.js';
import { ask } from '../lib/doing.js';
import { useMe } from '../lib/me.js';
import { queryValue, setQuery } from '../lib/route.js';
import { type Look, partitionLook } from '../lib/status.js';
import { troubleOf } from '../parts/action-dialog.js';
import { Page, Section } from '../parts/page.js';
import { PartitionGrid } from '../parts/partition-grid.js';
import { Problems } from '../parts/problems.js';
import { StatusWord } from '../parts/status-mark.js';
import { Time } from '../parts/time.js';

/** Short enough that the plan follows the typing, long enough that it is not made for each letter. */
const SETTLE_MS = 400;
const STATES = ['done', 'failed', 'missing', 'running'] as const;

/** Chooses dates, and shows what a backfill of them would do before anything runs. What is chosen is part of the link. */
export function NewBackfillPage() {
  const me = useMe();
  const { answer } = useAnswer('/api/pipelines');
  const request = requestOf();
  const { plan, trouble, current } = usePlan(request);
  return (
    <Page title="Plan a backfill">
      <form class="form backfill-form" onSubmit={(event) => event.preventDefault()}>
        <Field name="pipeline" label="Pipeline" list="pipelines" />
        <datalist id="pipelines">
          {answer?.pipelines.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field
          name="from"
          label="From"
          placeholder="2026-11-01"
          about="First date, or a month such as 2026-11"
        />
        <Field name="to" label="To" placeholder="2026-11-23" about="Last date, inclusive" />
        <Choice
          name="reprocess"
          label="Which"
          options={[
            ['', 'those without a run'],
            ['failed', 'failed ones too'],
            ['completed', 'all, also completed ones'],
          ]}
        />
        <Choice
          name="order"
          label="Order"
          options={[
            ['', 'oldest first'],
            ['newest', 'newest first'],
          ]}
        />
        <Choice
          name="onFailure"
          label="When one fails"
          options={[
            ['', 'go on'],
            ['stop', 'start no more'],
            ['pause', 'pause'],
          ]}
        />
        <Field name="maxActive" label="At once" placeholder="1" about="1 to 100" />
      </form>
      <div class="plan" aria-busy={request !== null && !current}>
        {request === null && (
          <p class="dim">Choose a pipeline and its dates: the plan is shown here, and nothing runs yet.</p>
        )}
        {request && trouble && <Problems trouble={trouble} />}
        {request && !trouble && !plan && <p class="dim">Making the plan…</p>}
        {request && plan && (
          <Plan plan={plan}>
            {me?.readOnly ? (
              <p class="dim">This console is read-only.</p>
            ) : (
              <button
                type="button"
                class="primary"
                disabled={plan.runs === 0 || !current}
                onClick={() => ask({ action: 'backfillStart', backfill: request })}
              >
                Start the backfill…
              </button>
            )}
          </Plan>
        )}
      </div>
    </Page>
  );
}

function requestOf(): BackfillRequest | null {
  const [pipeline, from, to] = [queryValue('pipeline'), queryValue('from'), queryValue('to')];
  if (!pipeline || !from) return null;
  const maxActive = Number(queryValue('maxActive') ?? '');
  const reprocess = queryValue('reprocess') as BackfillRequest['reprocess'] | null;
  const order = queryValue('order') as BackfillRequest['order'] | null;
  const onFailure = queryValue('onFailure') as BackfillRequest['onFailure'] | null;
  return {
    pipeline,
    from,
    to: to ?? from,
    ...(reprocess && { reprocess }),
    ...(order && { order }),
    ...(onFailure && { onFailure }),
    ...(maxActive > 0 && { maxActive }),
  };
}

interface Planned {
  /** What it is the plan of. */
  key: string;
  plan: BackfillPlanAnswer | null;
  trouble: Trouble | null;
}

/** The plan of a request. While the next one is made the last one stays, and says that it is not the current one. */
function usePlan(request: BackfillRequest | null): Omit<Planned, 'key'> & { current: boolean } {
  const key = JSON.stringify(request);
  const [planned, setPlanned] = useState<Planned | null>(null);
  useEffect(() => {
    if (!request) return;
    let left = false;
    const timer = setTimeout(() => {
      post('/api/backfills/plan', request).then(
        (plan) => left || setPlanned({ key, plan, trouble: null }),
        (error) => left || setPlanned({ key, plan: null, trouble: troubleOf(error) }),
      );
    }, SETTLE_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [key]);
  return { plan: planned?.plan ?? null, trouble: planned?.trouble ?? null, current: planned?.key === key };
}

const WILL_RUN: Look = { ...partitionLook('running'), outline: 'ring' };

const planLook = ({ state, willRun }: BackfillPlanAnswer['partitions'][number]): Look =>
  willRun ? { ...WILL_RUN, word: `${state}, will run` } : partitionLook(state);

function Plan({ plan, children }: { plan: BackfillPlanAnswer; children: ComponentChildren }) {
  const { partitions, runs, reads, kernelMinutes, endsAbout } = plan;
  const count = (state: string) => partitions.filter((one) => one.state === state).length;
  return (
    <Section title={runs === 0 ? 'Nothing would be run' : `${runs} of ${partitions.length} would be run`}>
      <dl class="counts">
        {STATES.map((state) => (
          <div key={state}>
            <dt>
              <StatusWord look={partitionLook(state)} />
            </dt>
            <dd>{count(state)}</dd>
          </div>
        ))}
        <div>
          <dt>Reads of Hex, about</dt>
          <dd>{reads}</dd>
        </div>
        <div>
          <dt>Kernels, about</dt>
          <dd>{formatDuration(kernelMinutes * 60_000)}</dd>
        </div>
        <div>
          <dt>Ends about</dt>
          <dd>{endsAbout === null ? '–' : <Time at={endsAbout} />}</dd>
        </div>
      </dl>
      {partitions.length > 0 && (
        <PartitionGrid
          label="Dates of the plan"
          partitions={partitions.map(({ partition }) => partition)}
          look={(index) => {
            const one = partitions[index];
            return one ? planLook(one) : null;
          }}
          data={plan}
        />
      )}
      {runs > 0 && (
        <ul class="legend" aria-label="Legend">
          <li>
            <StatusWord look={{ ...WILL_RUN, word: 'would be run' }} />
          </li>
        </ul>
      )}
      <p class="buttons">{children}</p>
    </Section>
  );
}

function Field({
  name,
  label,
  about,
  placeholder,
  list,
}: {
  name: string;
  label: string;
  about?: string;
  placeholder?: string;
  list?: string;
}) {
  return (
    <div class="field">
      <label for={`backfill-${name}`}>{label}</label>
      <input
        id={`backfill-${name}`}
        name={name}
        list={list}
        placeholder={placeholder}
        autocomplete="off"
        value={queryValue(name) ?? ''}
        onInput={({ currentTarget }) => setQuery({ [name]: currentTarget.value.trim() })}
      />
      {about && <span class="dim about">{about}</span>}
    </div>
  );
}

function Choice({
  name,
  label,
  options,
}: {
  name: string;
  label: string;
  options: readonly (readonly [string, string])[];
}) {
  return (
    <div class="field">
      <label for={`backfill-${name}`}>{label}</label>
      <select
        id={`backfill-${name}`}
        name={name}
        value={queryValue(name) ?? ''}
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      >
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
