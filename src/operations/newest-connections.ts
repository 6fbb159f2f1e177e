/**
 * Bounds the connections of a server in favor of the newest: if there are too many, the oldest without a complete request in progress is
 * closed. So connections that stay silent, or send an endless request, cannot lock operators out.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export function keepNewestConnections(server: Server, most: number): void {
  /** The oldest first. */
  const open = new Map<Socket, IncomingMessage | null>();

  function waits(request: IncomingMessage | null): boolean {
    return request === null || !request.complete;
  }

  server.on('connection', (socket: Socket) => {
    if (open.size >= most) {
      const oldest = [...open].find(([, request]) => waits(request));
      if (oldest === undefined) return void socket.destroy();
      open.delete(oldest[0]);
      oldest[0].destroy();
    }
    open.set(socket, null);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (open.has(socket)) open.set(socket, request);
    response.once('close', () => {
      if (open.get(socket) === request) open.set(socket, null);
    });
  });
}
