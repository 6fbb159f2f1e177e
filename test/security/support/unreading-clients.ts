/** Clients that send without reading, and their servers: both are closed after each test of the importing file. */
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';

export interface UnreadingClients {
  readonly sockets: Socket[];
  /** Servers in the order of their start. */
  readonly running: { close(): Promise<void> }[];
  /** A connection whose responses are not read. */
  open(port: number): Socket;
}

export const get = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';

export function unreadingClients(): UnreadingClients {
  const sockets: Socket[] = [];
  const running: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const one of running.splice(0).reverse()) await one.close();
  });
  return {
    sockets,
    running,
    open(port) {
      const socket = connect(port, '127.0.0.1').pause();
      // Closed by the gateway, which other tests check.
      socket.on('error', () => {});
      sockets.push(socket);
      return socket;
    },
  };
}
