export { type DevServer, type DevServerOptions, startDevServer } from './dev-server.js';
export { DevServerError, TemporalCliError } from './errors.js';
export { type ResolveOptions, resolveTemporalCli, type TemporalCli } from './resolve.js';
