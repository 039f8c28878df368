import { devNull } from 'node:os';

/** The flags of the `temporal` command that choose a server. `temporal hex ...` hands them on. */
export interface TemporalFlags {
  profile?: string;
  configFile?: string;
  disableConfigFile?: boolean;
  disableConfigEnv?: boolean;
}

/**
 * Turns the flags into the variables of the same meaning, which client and worker both read (by
 * `@temporalio/envconfig`), so that flags and variables are one thing from here on.
 */
export function applyTemporalFlags(flags: TemporalFlags, env: NodeJS.ProcessEnv): void {
  if (flags.disableConfigEnv) {
    for (const name of Object.keys(env)) {
      if (name.startsWith('TEMPORAL_')) delete env[name];
    }
  }
  if (flags.disableConfigFile) env.TEMPORAL_CONFIG_FILE = devNull;
  if (flags.configFile !== undefined) env.TEMPORAL_CONFIG_FILE = flags.configFile;
  if (flags.profile !== undefined) env.TEMPORAL_PROFILE = flags.profile;
}
