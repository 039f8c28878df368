import { HEX_LIMITS } from '../../limits/hex-limits.js';

/**
 * What to do about each kind of trouble, a sentence or two each.
 *
 * @param prefix of the variables of the connection: `HEX_`
 */
export const hintsOf = (prefix: string) => ({
  auth: `Regenerate the token in Hex and set ${prefix}API_TOKEN to it. A ${prefix}BASE_URL of another workspace looks the same.`,
  noToken: `Set ${prefix}API_TOKEN to the token, or ${prefix}API_TOKEN_FILE to a file that this process may read.`,
  forbidden: 'The token needs the "Run projects" scope, and its user needs access to the project.',
  notFound:
    "Publish the project or check the id. A project that the token's user may not see looks the same.",
  invalidRequest: 'Publish the project, or check the id and the input parameters.',
  rateLimited: `Hex allows each user ${HEX_LIMITS.startsPerMinute} starts per minute and ${HEX_LIMITS.startsPerHour} per hour, and about ${HEX_LIMITS.readsPerMinute} reads per minute: queue runs with delays, and use a user of their own for them.`,
  noKernel: `Hex says so when all ${HEX_LIMITS.kernels} kernels of the token's user are in use: wait until a run has ended, or cancel one. If fewer are in use, Hex itself has a problem: see https://status.hex.tech. No run was created.`,
  unavailable: 'Hex itself has a problem: see https://status.hex.tech and try again later.',
  network: `Check that ${prefix}BASE_URL is right and that this machine can reach it.`,
  timedOut: `Hex is slow or out of reach: try again, or allow it more time (${prefix}REQUEST_TIMEOUT).`,
  tls: `Check the host in ${prefix}BASE_URL. If a company proxy signs its traffic, point NODE_EXTRA_CA_CERTS to the certificate of the proxy.`,
  aborted: 'The caller gave up waiting.',
  redirect: `Check ${prefix}BASE_URL: it must be the host of the workspace itself. The token was not sent on.`,
  unexpectedAnswer: `Check ${prefix}BASE_URL: the server that answered is not the Hex API, or something in between changed the answer.`,
  brokenOff: 'The connection broke while the answer arrived: read the run list in Hex before trying again.',
});

export type Hints = ReturnType<typeof hintsOf>;
