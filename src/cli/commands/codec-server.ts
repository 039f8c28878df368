import type { Command } from 'commander';
import { collect, examples, type Perform, portNumber } from '../command.js';
import { CliError, refuse, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import type { Session } from '../session.js';

interface CodecServerFlags {
  port: number;
  host: string;
  origin?: string[];
}

const PORT = 8081;

export function addCodecServer(program: Command, perform: Perform): void {
  program
    .command('codec-server')
    .summary('decrypt payloads for the Web UI and the temporal command')
    .description(
      'Serves the codec of HEX_CODEC_KEYS or HEX_DATA_CONVERTER to the Web UI and the temporal command, until SIGINT or SIGTERM. Whoever reaches it can read everything. See docs/encryption.md.',
    )
    .option('--port <number>', 'where to listen', portNumber, PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--origin <address>',
      'address of a Web UI that may ask (repeatable; default: TEMPORAL_UI_URL, or http://localhost:8233)',
      collect,
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex codec-server --origin https://temporal.example.com',
        'temporal workflow show --workflow-id etl-1 --codec-endpoint http://127.0.0.1:8081',
      ),
    )
    .action((flags: CodecServerFlags, command: Command) =>
      perform(command, (session) => serve(session, flags)),
    );
}

async function serve({ env, output }: Session, flags: CodecServerFlags): Promise<typeof EXIT.ok> {
  const origins = (flags.origin ?? [env.TEMPORAL_UI_URL || 'http://localhost:8233']).map(originOf);
  const [{ environmentConverter }, { startCodecServer }] = await Promise.all([
    import('../../encryption/settings.js'),
    import('../../encryption/codec-server.js'),
  ]);
  const { payloadCodecs: codecs = [] } = (await environmentConverter(env)) ?? {};
  if (codecs.length === 0)
    refuse('The environment', [
      {
        path: 'HEX_CODEC_KEYS',
        message: 'is missing, and so is HEX_DATA_CONVERTER: there is no codec to serve',
      },
    ]);
  const interrupt = listenForInterrupt();
  try {
    const { port, host } = flags;
    const server = await startCodecServer({ codecs, port, host, origins }).catch((error: Error) => {
      throw new CliError(`The codec server cannot listen: ${error.message}`, EXIT.badInput);
    });
    output.say(`Codec server at ${server.url}, for pages of ${origins.join(', ')}`);
    await interrupt.asked;
    await server.close();
    return EXIT.ok;
  } finally {
    interrupt.release();
  }
}

function originOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin;
  const message = `"${text}" is not the address of a page: write https://temporal.example.com`;
  throw new UsageError('The options', [{ path: '--origin', message }]);
}
