import type { ConnectionsAnswer } from '../../contract.js';
import { useAnswer } from '../lib/answers.js';
import { now } from '../lib/clock.js';
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
                  <TokenExpiry token={connection.token} />
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

/** A token that expires sooner should be renewed now: `temporal-hex doctor` says so, too. */
const RENEW_WITHIN_MS = 14 * 86_400_000;

function TokenExpiry({ token }: { token: ConnectionsAnswer['connections'][number]['token'] }) {
  if (token === null)
    return (
      <p class="dim">
        When its token expires is not known: no worker has told its limiter. Run{' '}
        <code>temporal-hex doctor</code> with the token.
      </p>
    );
  const { expiresAt } = token;
  if (expiresAt === null) return <p class="dim">Its token does not expire, or Hex does not say when.</p>;
  const soon = Date.parse(expiresAt) - now.value < RENEW_WITHIN_MS;
  return (
    <p class={soon ? 'bad-text' : 'dim'}>
      Its token expires <Ago at={expiresAt} />, on <Time at={expiresAt} />.
      {soon && ' Make a new one in Hex and give it to the worker.'}
    </p>
  );
}
