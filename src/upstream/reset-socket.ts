/** Breaks a connection so that the other side cannot take it for a proper end. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** TCP tells a break by a reset; TLS by the missing closing alert (RFC 8446 section 6.1), and Node cannot reset it. */
export function resetSocket(socket: Socket): void {
  // A reset that meets an end under way fails, and Node then neither closes the socket nor says so. What would have been
  // lost is out already: the end comes after all bytes.
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (ending || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
