// Every morning at six, Berlin time: `npx tsx examples/schedule/schedule.ts`. The schedule is Temporal's: look at it with
// `temporal schedule describe --schedule-id report-every-morning`, pause it, trigger it, delete it.
import { connectClient } from 'temporal-hex/client';

const hex = await connectClient();
await hex.schedulePipeline(
  {
    name: 'report',
    timezone: 'Europe/Berlin',
    steps: [{ projectId: 'extract-project-id', inputParams: { date: '{{ run.date }}' } }],
  },
  {
    scheduleId: 'report-every-morning',
    spec: { cronExpressions: ['0 6 * * *'], timezone: 'Europe/Berlin' },
    // What an outage of more than ten minutes made us miss is not made up for.
    policies: { overlap: 'SKIP', catchupWindow: '10m' },
  },
);
await hex.close();
