import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TLSConfig } from '@temporalio/client';

const LIMIT_MS = 3_000;
/** TLS 1.3 refuses a missing client certificate only after the client has called the handshake done. */
const AFTERMATH_MS = 500;
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** An address as `host:port`, an IPv6 host in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const [, host = address, port = '7233'] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Null where somebody listens, else what came instead. */
export function tcpTrouble(address: string): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const socket = connectTcp(hostAndPort(address));
    const answer = (error: Error | null) => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(LIMIT_MS, () => answer(new Error(`no answer within ${LIMIT_MS / 1_000} s`)));
    socket.once('connect', () => answer(null));
    socket.once('error', answer);
  });
}

/** Null where TLS with these settings works, else what came instead. */
export function tlsTrouble(address: string, tls: TLSConfig): Promise<NodeJS.ErrnoException | null> {
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls;
  return handshake(address, {
    ...(serverNameOverride && { servername: serverNameOverride }),
    ...(serverRootCACertificate && { ca: Buffer.from(serverRootCACertificate) }),
    ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  });
}

/** Whether the server speaks TLS at all, whatever its certificate. */
export async function speaksTls(address: string): Promise<boolean> {
  const trouble = await handshake(address, { rejectUnauthorized: false });
  return trouble === null || /alert|certificate/i.test(`${trouble.code} ${trouble.message}`);
}

function handshake(address: string, options: object): Promise<NodeJS.ErrnoException | null> {
  const { host, port } = hostAndPort(address);
  const servername = isIP(host) ? {} : { servername: host };
  return new Promise((resolve) => {
    let socket: TLSSocket;
    const answer = (error: Error | null) => {
      socket.destroy();
      resolve(error);
    };
    try {
      socket = connectTls({ host, port, ALPNProtocols: ['h2'], ...servername, ...options });
    } catch (error) {
      resolve(error as Error);
      return;
    }
    socket.setTimeout(LIMIT_MS, () => answer(new Error('no answer to the TLS handshake')));
    socket.once('error', answer);
    socket.once('secureConnect', () => {
      socket.write(HTTP2_PREFACE);
      socket.once('data', () => answer(null));
      setTimeout(() => answer(null), AFTERMATH_MS);
    });
  });
}
