import { useSignedIn } from './lib/me.js';
import { parts } from './lib/route.js';
import { AgainPage } from './pages/again.js';
import { BackfillPage } from './pages/backfill.js';
import { BackfillsPage } from './pages/backfills.js';
import { ConnectionsPage } from './pages/connections.js';
import { HomePage } from './pages/home.js';
import { LinePage } from './pages/line.js';
import { NewBackfillPage } from './pages/new-backfill.js';
import { PipelinePage } from './pages/pipeline.js';
import { PipelinesPage } from './pages/pipelines.js';
import { RunPage } from './pages/run.js';
import { SchedulesPage } from './pages/schedules.js';
import { SensorsPage } from './pages/sensors.js';
import { SignInPage } from './pages/sign-in.js';
import { StartPage } from './pages/start.js';
import { WorkersPage } from './pages/workers.js';
import { ActionDialog } from './parts/action-dialog.js';
import { Empty, Page } from './parts/page.js';
import { Shell } from './parts/shell.js';

/** The whole console. */
export function App() {
  const { trouble } = useSignedIn();
  return (
    <Shell>
      {trouble?.code === 'sign-in' ? <SignInPage trouble={trouble} /> : <CurrentPage />}
      <ActionDialog />
    </Shell>
  );
}

function CurrentPage() {
  const [page = '', first, second] = parts.value;
  switch (page) {
    case '':
      return <HomePage />;
    case 'pipelines':
      if (first === undefined) return <PipelinesPage />;
      if (second === 'start') return <StartPage key={first} name={first} />;
      return <PipelinePage key={first} name={first} />;
    case 'runs':
      if (first === undefined) break;
      if (second === 'again') return <AgainPage key={first} workflowId={first} />;
      return <RunPage key={first} workflowId={first} />;
    case 'backfills':
      if (first === undefined) return <BackfillsPage />;
      if (first === 'new') return <NewBackfillPage />;
      return <BackfillPage key={first} workflowId={first} />;
    case 'line':
      return <LinePage />;
    case 'schedules':
      return <SchedulesPage />;
    case 'sensors':
      return <SensorsPage />;
    case 'connections':
      return <ConnectionsPage />;
    case 'workers':
      return <WorkersPage />;
  }
  return (
    <Page title="No such page">
      <Empty title="There is no page at this address.">
        The pages are on the left; <kbd>/</kbd> finds a pipeline or a run.
      </Empty>
    </Page>
  );
}
