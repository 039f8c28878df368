import { type Config, loadConfig } from '../config.js';
import type { Sandbox } from '../sandbox/index.js';

/** Without HEX_LIMITS=false: starts still go through the limiter, one of a project at a time, so that none is ambiguous. */
const NO_LIMITS = {
  HEX_STARTS_PER_MINUTE: 'none',
  HEX_STARTS_PER_HOUR: 'none',
  HEX_KERNELS: 'none',
  HEX_READS_PER_MINUTE: 'none',
};

/** The configuration of a worker whose Hex is the sandbox; `limited` when the sandbox has Hex's limits. */
export function sandboxConfig(
  env: NodeJS.ProcessEnv,
  { url }: Pick<Sandbox, 'url'>,
  limited: boolean,
): Config {
  const { HEX_API_TOKEN_FILE: _file, ...rest } = env;
  return loadConfig({
    ...rest,
    ...(!limited && NO_LIMITS),
    HEX_BASE_URL: url,
    HEX_API_TOKEN: 'sandbox',
  });
}
