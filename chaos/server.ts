import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type DataConverter, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { searchAttributeTypes } from '../src/contract/search-attributes.js';
import { type DevServer, type DevServerOptions, startDevServer } from '../src/temporal-server/index.js';

/** A Temporal server on a database file, which can be killed and come back. */
export class CrashingServer {
  restarts = 0;
  #server: DevServer;
  readonly #options: DevServerOptions;
  readonly #folder: string;

  private constructor(server: DevServer, options: DevServerOptions, folder: string) {
    this.#server = server;
    this.#options = options;
    this.#folder = folder;
  }

  static async start(cli?: DevServerOptions['cli']): Promise<CrashingServer> {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-hex-chaos-'));
    const options: DevServerOptions = {
      uiPort: false,
      dbFilename: join(folder, 'temporal.db'),
      searchAttributes: searchAttributeTypes(),
      ...(cli && { cli }),
    };
    const server = await startDevServer({ ...options, port: 0 });
    return new CrashingServer(server, { ...options, port: server.port }, folder);
  }

  get address(): string {
    return this.#server.address;
  }

  get namespace(): string {
    return this.#server.namespace;
  }

  /** Kills it as a crash would, and starts it anew on the same port and database, after so many ms. */
  async crash(awayMs = 0): Promise<void> {
    this.restarts++;
    await this.#server.kill();
    await delay(awayMs);
    for (let attempt = 1; ; attempt++) {
      const server = await startDevServer(this.#options);
      this.#server = server;
      if (server.port === this.#options.port) return;
      await server.stop();
      if (attempt >= 10) throw new Error(`Port ${this.#options.port} of the Temporal server is taken`);
      await delay(500);
    }
  }

  async connect(dataConverter?: DataConverter): Promise<Client> {
    const connection = await Connection.connect({ address: this.address });
    return new Client({ connection, namespace: this.namespace, ...(dataConverter && { dataConverter }) });
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const RETRY_AFTER_MS = 250;

/** Calls again while the server is away, until told to stop. */
export async function patiently<T>(call: () => Promise<T>, stop?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const away = error instanceof ServiceError || isGrpcServiceError(error);
      if (!away || stop?.aborted) throw error;
      await delay(RETRY_AFTER_MS);
    }
  }
}
