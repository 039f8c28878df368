import { useAnswer } from '../lib/answers.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { Ago, Time } from '../parts/time.js';
import { ConnectionCard } from './home.js';

/** The ways to Hex: limits, how much of them is used, and when a token expires. */
export function ConnectionsPage() {
  return (
    <Page title="Connections">
      <Loaded of={useAnswer('/api/connections')}>
        {({ connections }) =>
          connections.length === 0 ? (
            <Empty title="No connection is known yet.">
              A connection is here once a worker with its token has started a run under its limits.
            </Empty>
          ) : (
            <div class="cards">
              {connections.map((connection) => (
                <div key={connection.name + connection.taskQueue}>
                  <ConnectionCard connection={connection} />
                  <p class="dim">
                    {connection.tokenExpires === null ? (
                      'When its token expires is not known.'
                    ) : (
                      <>
                        Its token expires <Ago at={connection.tokenExpires} />, on{' '}
                        <Time at={connection.tokenExpires} />.
                      </>
                    )}
                  </p>
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}
