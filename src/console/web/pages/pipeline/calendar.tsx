import { useMemo } from 'preact/hooks';
import type { CalendarAnswer } from '../../../contract.js';
import { useAnswer } from '../../lib/answers.js';
import { queryValue, setQuery } from '../../lib/route.js';
import { executionLook } from '../../lib/status.js';
import { Loaded } from '../../parts/page.js';
import { RunStrip } from '../../parts/run-strip.js';
import { Year } from '../../parts/year.js';

/** A year of a pipeline, a day each. The days are those of the pipeline's zone: a date is one date for everybody. */
export function CalendarTab({ name }: { name: string }) {
  return (
    <Loaded of={useAnswer('/api/pipeline/calendar', { name, year: queryValue('year') })}>
      {(answer) => <Calendar answer={answer} />}
    </Loaded>
  );
}

function Calendar({ answer: { year, timezone, days } }: { answer: CalendarAnswer }) {
  const byDay = useMemo(() => new Map(days.map((one) => [one.day, one])), [days]);
  const look = useMemo(() => {
    return (day: string) => {
      const found = byDay.get(day);
      return found ? executionLook(found.status) : null;
    };
  }, [byDay]);
  const day = queryValue('day');
  const chosen = day === null ? null : byDay.get(day);
  const describe = (one: string) => {
    const found = byDay.get(one);
    return found
      ? `${executionLook(found.status).word}, ${found.total} ${found.total === 1 ? 'run' : 'runs'}`
      : 'no run';
  };
  return (
    <>
      <div class="year-head">
        <button
          type="button"
          class="quiet"
          aria-label={`Year ${year - 1}`}
          onClick={() => setQuery({ year: String(year - 1), day: null })}
        >
          ←
        </button>
        <b>{year}</b>
        <button
          type="button"
          class="quiet"
          aria-label={`Year ${year + 1}`}
          onClick={() => setQuery({ year: String(year + 1), day: null })}
        >
          →
        </button>
        <span class="dim">days in {timezone}</span>
      </div>
      <Year
        year={year}
        look={look}
        describe={describe}
        selected={day}
        onSelect={(one) => setQuery({ day: one })}
      />
      {day !== null &&
        (chosen ? (
          <RunStrip
            title={`${day}: ${describe(day)}`}
            runs={chosen.runs}
            left={chosen.total - chosen.runs.length}
            timezone={timezone}
          />
        ) : (
          <p class="dim">No run on {day}.</p>
        ))}
      {days.length === 0 && <p class="dim">There is no run in {year}, as far as Temporal keeps them.</p>}
    </>
  );
}
