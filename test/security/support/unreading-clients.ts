/** Clients that send and do not read, and what they are sent to: both end with each test of the file that asks for them. */
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';

export interface UnreadingClients {
  readonly sockets: Socket[];
  /** Servers, in the order of their starts. */
  readonly running: { close(): Promise<void> }[];
  /** A connection whose answers stay where they are. */
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
      // Cut by the gateway, as is looked at elsewhere.
      socket.on('error', () => {});
      sockets.push(socket);
      return socket;
    },
  };
}
