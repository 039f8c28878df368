import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { clientRoute } from '../../src/network/temporal.js';

/** gRPC's UNAVAILABLE, after which the SDK tries again. */
const REFUSED = { 'content-type': 'application/grpc', 'grpc-status': '14' };

it('a call that is to be tried again when its connection is closed ends as cancelled, and with it no process', async () => {
  const server = createServer((_request, response) => response.writeHead(200, REFUSED).end());
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = Connection.lazy({ ...clientRoute(`127.0.0.1:${port}`), tls: false });
  const ends = expect(connection.workflowService.getSystemInfo({})).rejects.toMatchObject({
    code: 1,
    details: 'Channel has been shut down',
  });
  await once(server, 'request');
  await connection.close();
  await ends;
});
